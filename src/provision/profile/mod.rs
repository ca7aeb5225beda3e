//! The profiles that come with the engine: applications (a whole `synchronizationSchema`)
//! and targets (their abilities). A new one is a new file in one of the two folders.

include!(concat!(env!("OUT_DIR"), "/profiles.rs"));
