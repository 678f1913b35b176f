"""Deployments: releases, preconditions, deploys, checks, rollbacks (runbook §1-4)."""
