//! A container registry as a library: its types, the traits of its backends, and the engine.
