//! Who is calling the registry: callers, credentials and simple policies.
