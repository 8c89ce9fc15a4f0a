//! What the libraries are set to.

use registry_core::{
    ManifestLimits, OrphanSettings, QuarantineSettings, Settings,
    backend::{CreateRule, NamespaceSettings},
};
use registry_server::{
    Limits as RequestLimits, ListenSettings, Pace, RateLimits, Redirects, Selection,
};

use super::{Config, Create};

impl Config {
    /// Settings of the engine.
    pub(crate) fn engine(&self) -> Settings {
        let usual = Settings::default();
        Settings {
            references: self.push.references,
            create: self.create(),
            library_alias: true,
            inline_limit: self.storage.inline.as_usize(),
            checkpoint_every: self.uploads.checkpoint_every.0,
            manifest: self.manifests(),
            max_tags_per_push: self.limits.tags_per_push,
            page_limit: self.limits.page,
            referrers_page_limit: self.limits.referrers_page,
            grace: self.collection.grace,
            upload_expiry: self.uploads.expiry,
            orphans: OrphanSettings {
                percent: self.collection.orphans_percent as u64,
                floor: self.collection.orphans_floor as u64,
            },
            quarantine: QuarantineSettings {
                keep: self.collection.quarantine,
                most: self.collection.quarantine_most as u64,
                within: self.collection.quarantine_within,
            },
            ..usual
        }
    }

    /// Limits on a request.
    pub(crate) fn requests(&self) -> RequestLimits {
        RequestLimits {
            path_bytes: self.limits.path_bytes.as_usize(),
            query_bytes: self.limits.query_bytes.as_usize(),
            headers: self.limits.headers,
            header_bytes: self.limits.header_bytes.as_usize(),
            uploads_per_caller: self.limits.uploads_per_caller,
            pace: self.pace(),
        }
    }

    /// Limits on how many requests are taken.
    pub(crate) fn rates(&self) -> RateLimits {
        RateLimits {
            per_address: self.limits.address_rate,
            per_caller: self.limits.caller_rate,
            concurrent: self.limits.concurrent_requests,
            exempt: self.limits.rate_exempt.clone(),
            ..RateLimits::default()
        }
    }

    /// Who is sent to the bucket, if anybody is.
    pub(crate) fn redirects(&self) -> Option<Redirects> {
        let set = &self.redirects;
        set.enabled.then(|| Redirects {
            over: set.over.0,
            life: set.expires,
            networks: Selection {
                only: set.networks.clone(),
                except: set.except_networks.clone(),
            },
            clients: Selection {
                only: set.clients.clone(),
                except: set.except_clients.clone(),
            },
        })
    }

    /// How connections are treated. The parser takes a little more than a request may be, so that the answer to
    /// what is too much can say so.
    pub(crate) fn connections(&self) -> ListenSettings {
        let usual = ListenSettings::default();
        let limits = self.requests();
        let parts = [limits.path_bytes, limits.query_bytes, limits.header_bytes];
        let head = parts.into_iter().fold(0_usize, usize::saturating_add);
        ListenSettings {
            connections: self.limits.connections,
            head_timeout: self.limits.head_timeout,
            handshake_timeout: self.limits.handshake_timeout,
            pace: limits.pace,
            buffer_bytes: usual.buffer_bytes.max(head.saturating_mul(2)),
            headers: usual.headers.max(limits.headers.saturating_add(4)),
        }
    }

    fn create(&self) -> CreateRule {
        let usual = NamespaceSettings::default();
        CreateRule {
            namespace: (self.push.create == Create::Namespaces).then_some(usual),
            repository: self.push.create != Create::Nothing,
        }
    }

    fn manifests(&self) -> ManifestLimits {
        ManifestLimits {
            max_bytes: self.limits.manifest_bytes.as_usize(),
            max_descriptors: self.limits.manifest_descriptors,
            max_depth: self.limits.manifest_depth,
            max_annotation_bytes: self.limits.annotation_bytes.as_usize(),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            idle: self.limits.idle,
            bytes_per_second: self.limits.rate.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use registry_core::Settings;
    use registry_server::{Limits, ListenSettings, RateLimits};

    use crate::config::{Config, Flags};

    #[test]
    fn the_defaults_are_those_of_the_libraries() {
        let (config, _) = Config::from_parts(&Flags::default(), std::iter::empty()).unwrap();
        let (set, usual) = (config.engine(), Settings::default());
        assert!(set.library_alias);
        let set = Settings {
            library_alias: usual.library_alias,
            ..set
        };
        assert_eq!(format!("{set:?}"), format!("{usual:?}"));
        assert_eq!(config.requests(), Limits::default());
        assert_eq!(config.rates(), RateLimits::default());
        assert_eq!(config.connections(), ListenSettings::default());
    }

    #[test]
    fn the_parser_takes_a_little_more_than_a_request_may_be() {
        let environment = [
            ("REGISTRY_LIMITS_HEADERS", "500"),
            ("REGISTRY_LIMITS_HEADER_BYTES", "1MiB"),
        ];
        let environment = environment.map(|(name, value)| (name.into(), value.into()));
        let (config, _) = Config::from_parts(&Flags::default(), environment.into_iter()).unwrap();
        assert!(config.connections().headers > 500);
        assert!(config.connections().buffer_bytes > 1 << 20);
    }
}
