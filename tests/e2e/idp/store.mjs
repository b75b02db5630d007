// What the provider keeps, in memory: its own adapter forgets the oldest of a thousand entries,
// which many sign-ins at once would notice.

const GRANTABLE = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

/** A new store; the provider calls the result with `new`, once for each of its models. */
export function createStore() {
  const entries = new Map();
  const grants = new Map();

  return class Store {
    constructor(model) {
      this.model = model;
    }

    #key(id) {
      return `${this.model}:${id}`;
    }

    async upsert(id, payload, expiresIn) {
      const expires = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
      entries.set(this.#key(id), { payload, expires });
      if (this.model === 'Session') entries.set(`uid:${payload.uid}`, { payload, expires });
      if (GRANTABLE.has(this.model) && payload.grantId) {
        const members = grants.get(payload.grantId) ?? new Set();
        grants.set(payload.grantId, members.add(this.#key(id)));
      }
    }

    async find(id) {
      return present(entries.get(this.#key(id)));
    }

    async findByUid(uid) {
      return present(entries.get(`uid:${uid}`));
    }

    async consume(id) {
      entries.get(this.#key(id)).payload.consumed = Math.floor(Date.now() / 1000);
    }

    async destroy(id) {
      entries.delete(this.#key(id));
    }

    async revokeByGrantId(grantId) {
      for (const key of grants.get(grantId) ?? []) entries.delete(key);
      grants.delete(grantId);
    }
  };
}

function present(entry) {
  return entry && entry.expires > Date.now() ? entry.payload : undefined;
}
