"""Pictures of graphs: what they show, and how it is laid out and written."""
