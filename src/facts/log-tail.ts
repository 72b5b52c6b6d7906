export async function markLogs(_p: readonly string[]): Promise<string[]> {
  return []
}
export async function linesSince(_m: string[]): Promise<string[]> {
  return []
}
