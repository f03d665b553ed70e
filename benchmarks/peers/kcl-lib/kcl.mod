[package]
name = "bench"
version = "0.1.0"
