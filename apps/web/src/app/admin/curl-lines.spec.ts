import { curlLines } from './curl-lines';

describe(curlLines.name, () => {
  it('fills address and token into the six calls, each one line', () => {
    const lines = curlLines('http://localhost:8000', 'nh_secret').map(({ line }) => line);
    expect(lines).toHaveLength(6);
    for (const line of lines) {
      expect(line).toContain('-H "Authorization: Bearer nh_secret" "http://localhost:8000/api/');
      expect(line).not.toContain('\n');
    }
    expect(lines[5]).toContain(
      `-X POST -H "Content-Type: application/json" -d '{"repository_id": 1, "commit_id": 1,`,
    );
  });
});
