"""The ETL: from a listener's playlist to a published dataset version."""
