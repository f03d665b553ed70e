"""Where frames go: JSON Lines on a local file system, durable, sealed by trading day and size."""
