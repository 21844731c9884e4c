"""Smooth rendering of triangle meshes: pictures, meshes, cameras, regularisers, metrics."""
