"""Footage -> key points in a store: decode, find people, find their joints, follow them; cut off, it goes on."""
