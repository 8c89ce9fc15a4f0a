//! The steps of a collection.

use registry_core::backend::Origin;

use super::{Answered, Client, GRACE, keys, texts};
use crate::contract::model::metadata::{
    action::Write,
    world::{Answer, Call},
};

/// After so many steps a collection is taken never to end.
const MOST_STEPS: usize = 100;

impl Client {
    pub(super) async fn collect(&mut self, call: &Call) -> Answered {
        let keys = keys(&call.keys);
        match call.write {
            Write::Condemn => self.condemn_all().await,
            Write::Seal => self.metadata.seal().await.map(|()| Answer::Done),
            Write::Remove => self.remove_all().await,
            Write::Unknown => {
                let unknown = self.metadata.unknown(&keys).await?;
                let unknown = unknown.into_iter().map(|unknown| unknown.key);
                Ok(Answer::Keys(texts(unknown).into_iter().collect()))
            }
            Write::Doom => self.metadata.doom(&keys, GRACE).await.map(Answer::Count),
            Write::ForgetDoomed => self
                .metadata
                .forget_doomed(&keys)
                .await
                .map(|()| Answer::Done),
            _ => {
                let told = self.metadata.acknowledge(&self.pending).await;
                told.map(|()| Answer::Done)
            }
        }
    }

    /// Condemns until there is no more, whatever goes wrong in between.
    async fn condemn_all(&self) -> Answered {
        for _ in 0..MOST_STEPS {
            if let Ok(false) = self.metadata.condemn(1000).await.map(|step| step.more) {
                return Ok(Answer::Done);
            }
        }
        panic!("condemning comes to no end");
    }

    /// Removes until there is no more, whatever goes wrong in between.
    async fn remove_all(&self) -> Answered {
        let origin = Origin {
            actor: None,
            record: true,
        };
        for _ in 0..MOST_STEPS {
            let step = self.metadata.remove(GRACE, 1000, origin).await;
            if let Ok(false) = step.map(|step| step.more) {
                return Ok(Answer::Done);
            }
        }
        panic!("removing comes to no end");
    }
}
