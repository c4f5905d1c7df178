"""Robots: cards that say what a robot is, its URDF, what it looks like, its kinematics, and how actions drive it."""
