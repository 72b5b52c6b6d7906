export async function listCommand(..._: unknown[]): Promise<number> {
  return 0
}
