"""Builds commit 1 of repository 1 with the generated client, follows the log to its end, and prints what it saw."""

import json
import os

import httpx
from nohands_client import AuthenticatedClient
from nohands_client.api.builds import get_build, get_build_logs, trigger_build
from nohands_client.api.projects import list_repositories
from nohands_client.models import BuildDto, TriggerBuildDto

client = AuthenticatedClient(
    base_url=os.environ["NOHANDS_ADDRESS"],
    token=os.environ["NOHANDS_TOKEN"],
    timeout=httpx.Timeout(60),
    raise_on_unexpected_status=True,
)
repositories = list_repositories.sync(client=client)
build = trigger_build.sync(client=client, body=TriggerBuildDto(repository_id=1, commit_id=1))
assert isinstance(build, BuildDto), build
# Following ends with the build.
log = get_build_logs.sync(build.id, client=client, follow=True)
ended = get_build.sync(build.id, client=client)
print(
    json.dumps(
        {
            "repositories": [repository.name for repository in repositories.results],
            "log": log,
            "status": ended.status,
            "digest": ended.image_digest,
        }
    )
)
