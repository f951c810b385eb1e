"""Stored state: what every file ingested so far holds, summed, checked and never half there."""
