//! What memory the program gives back.
//!
//! glibc keeps freed memory in arenas, and makes as many as eight per processor when more threads than
//! that allocate at once, which the threads that wait for the disk do. What one thread allocates another
//! frees, so all of them fill and none empties: after 1.8 million requests on two processors the program had
//! 74 MiB, and with an arena per processor 29, at the same cost of a request. Other allocators were tried
//! (`benches/RESULTS.md`): mimalloc keeps more, and jemalloc needs more than a C compiler to be built.

/// Has the allocator make no more arenas than there are processors. To be said before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "it is a setting of the C library")]
pub(crate) fn limit_arenas() {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let arenas = libc::c_int::try_from(processors).unwrap_or(libc::c_int::MAX);
    // SAFETY: it takes two numbers and no pointer, may be called at any time, and refuses what it does not
    // know.
    let set = unsafe { libc::mallopt(libc::M_ARENA_MAX, arenas) };
    debug_assert_eq!(set, 1);
}

/// Other C libraries have no arenas to limit.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn limit_arenas() {}
