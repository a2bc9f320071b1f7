// What the worker may not ask by itself: boxes on the local network.

import { type NearAnswer, PRIVATELY } from "../shared/protocol";

export async function askNear(url: string, headers: Record<string, string>, port: MessagePort): Promise<void> {
  const say = (answer: NearAnswer, transfer: Transferable[]) => port.postMessage(answer, transfer);
  try {
    // Without this browsers take plain http for mixed content, and do not even ask the reader.
    const answer = await fetch(url, { ...PRIVATELY, headers, targetAddressSpace: "local" } as RequestInit);
    const { status, headers: answered, body } = answer;
    say({ status, headers: [...answered], body }, body ? [body] : []);
  } catch (error) {
    say({ failed: String(error) }, []);
  }
}
