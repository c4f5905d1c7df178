"""ManiSkill as the peer that simgen is compared with: its own environment, its own best number of processes.

This file must stay empty of imports: the peer's processes load ManiSkill and nothing of ours that is heavy.
"""
