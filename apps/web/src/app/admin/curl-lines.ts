/** The six calls of the API that everything began with, ready to paste into a shell. */
export function curlLines(
  origin: string,
  token: string,
): readonly { readonly what: string; readonly line: string }[] {
  const call = (path: string) => `curl -H "Authorization: Bearer ${token}" "${origin}/api/${path}"`;
  const body = '{"repository_id": 1, "commit_id": 1, "push_to_registry": false, "deploy_after_build": false}';
  return [
    { what: 'List the repositories', line: call('repositories/') },
    { what: 'List the branches of a repository', line: call('branches/?repository=1') },
    { what: 'List the commits of a branch', line: call('commits/?branch=1') },
    { what: 'List the builds', line: call('builds/') },
    { what: 'Look at one build', line: call('builds/1/') },
    {
      what: 'Build a commit',
      line: `${call('builds/trigger/')} -X POST -H "Content-Type: application/json" -d '${body}'`,
    },
  ];
}
