//! What a test outside cannot see: the order of steps, and what comes of a step that fails.
