"""What programs mean: checking, relaxation, the reference interpreter."""
