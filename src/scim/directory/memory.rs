//! A store in memory: for tests, the page's replay and as the model's oracle.
