"""From a listener's playlist to a published dataset version."""
