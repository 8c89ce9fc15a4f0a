//! What it takes to decide whether a caller may do something, facts included.

use criterion::Criterion;
use registry_auth::OpenToPull;
use registry_core::{Action, AllowAll, Caller, Policy, Resource, backend::Facts};

use crate::sample::runtime;

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = runtime();
    let name = "team/app".parse().expect("a name");
    let facts = Facts::default();
    let caller = Caller::anonymous();
    let policies: [(&str, &dyn Policy); 2] = [("AllowAll", &AllowAll), ("OpenToPull", &OpenToPull)];
    let mut group = criterion.benchmark_group("decide on a pull");
    for (label, policy) in policies {
        group.bench_function(label, |bencher| {
            bencher.iter(|| {
                let resource = Resource::Repository {
                    name: &name,
                    facts: &facts,
                };
                runtime.block_on(policy.decide(&caller, resource, Action::Pull))
            });
        });
    }
    group.finish();
}
