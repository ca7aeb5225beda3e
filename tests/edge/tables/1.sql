-- A tenant's tables at version 1, with rows: what every later version must take over. Never change it.
CREATE TABLE schema_version (version INTEGER PRIMARY KEY);
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE resource (id TEXT PRIMARY KEY, kind TEXT NOT NULL, version INTEGER NOT NULL,
           created TEXT NOT NULL, modified TEXT NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX resource_order ON resource (kind, created, id);
CREATE TABLE unique_key (kind TEXT NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
           PRIMARY KEY (kind, attribute, value)) WITHOUT ROWID;
CREATE INDEX unique_key_owner ON unique_key (id);
CREATE TABLE search_key (kind TEXT NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
           PRIMARY KEY (kind, attribute, value, id)) WITHOUT ROWID;
CREATE INDEX search_key_owner ON search_key (id);
CREATE TABLE member (group_id TEXT NOT NULL, member_id TEXT NOT NULL, PRIMARY KEY (group_id, member_id)) WITHOUT ROWID;
CREATE INDEX member_groups ON member (member_id, group_id);
CREATE TABLE total (kind TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL,
           operation TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, before INTEGER NOT NULL, after INTEGER NOT NULL);
CREATE TABLE outbox (kind TEXT NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL,
           PRIMARY KEY (kind, attribute, value)) WITHOUT ROWID;
CREATE TABLE token (hash TEXT PRIMARY KEY, scope TEXT NOT NULL, created TEXT NOT NULL, revoked TEXT) WITHOUT ROWID;
INSERT INTO schema_version (version) VALUES (1);
INSERT INTO fact (name, value) VALUES ('id', 'f17e0000000000000000000000000001');
INSERT INTO fact (name, value) VALUES ('name', 'fixture');
INSERT INTO fact (name, value) VALUES ('base', 'http://127.0.0.1/scim/v2');
INSERT INTO fact (name, value) VALUES ('state', 'active');
INSERT INTO fact (name, value) VALUES ('settings', '{"maxResults":50}');
INSERT INTO resource (id, kind, version, created, modified, document) VALUES ('u-ada', 'User', 2, '2026-11-01T10:00:00.000Z', '2026-11-02T10:00:00.000Z', '{"userName":"Ada@example.com","externalId":"e-1","displayName":"Ada","active":true,"emails":[{"type":"work","value":"ada@example.com","primary":true}],"title":"Countess"}');
INSERT INTO resource (id, kind, version, created, modified, document) VALUES ('u-bo', 'User', 1, '2026-11-01T10:00:00.000Z', '2026-11-01T10:00:00.000Z', '{"userName":"bo@example.com","displayName":"Bo O''Neil","active":false}');
INSERT INTO resource (id, kind, version, created, modified, document) VALUES ('g-all', 'Group', 2, '2026-11-01T10:00:00.000Z', '2026-11-02T10:00:00.000Z', '{"displayName": "All"}');
INSERT INTO resource (id, kind, version, created, modified, document) VALUES ('g-inner', 'Group', 1, '2026-11-01T10:00:00.000Z', '2026-11-01T10:00:00.000Z', '{"displayName": "Inner"}');
INSERT INTO unique_key (kind, attribute, value, id) VALUES ('User', 'username', 'ada@example.com', 'u-ada');
INSERT INTO unique_key (kind, attribute, value, id) VALUES ('User', 'username', 'bo@example.com', 'u-bo');
INSERT INTO unique_key (kind, attribute, value, id) VALUES ('Group', 'displayname', 'all', 'g-all');
INSERT INTO unique_key (kind, attribute, value, id) VALUES ('Group', 'displayname', 'inner', 'g-inner');
INSERT INTO search_key (kind, attribute, value, id) VALUES ('User', 'username', 'ada@example.com', 'u-ada');
INSERT INTO search_key (kind, attribute, value, id) VALUES ('User', 'externalid', 'e-1', 'u-ada');
INSERT INTO search_key (kind, attribute, value, id) VALUES ('User', 'displayname', 'ada', 'u-ada');
INSERT INTO search_key (kind, attribute, value, id) VALUES ('User', 'emails.value', 'ada@example.com', 'u-ada');
INSERT INTO search_key (kind, attribute, value, id) VALUES ('User', 'active', 'true', 'u-ada');
INSERT INTO search_key (kind, attribute, value, id) VALUES ('User', 'username', 'bo@example.com', 'u-bo');
INSERT INTO search_key (kind, attribute, value, id) VALUES ('User', 'displayname', 'bo o''neil', 'u-bo');
INSERT INTO search_key (kind, attribute, value, id) VALUES ('User', 'active', 'false', 'u-bo');
INSERT INTO search_key (kind, attribute, value, id) VALUES ('Group', 'displayname', 'all', 'g-all');
INSERT INTO search_key (kind, attribute, value, id) VALUES ('Group', 'displayname', 'inner', 'g-inner');
INSERT INTO member (group_id, member_id) VALUES ('g-all', 'u-ada');
INSERT INTO member (group_id, member_id) VALUES ('g-all', 'g-inner');
INSERT INTO member (group_id, member_id) VALUES ('g-inner', 'u-bo');
INSERT INTO total (kind, number) VALUES ('User', 2);
INSERT INTO total (kind, number) VALUES ('Group', 2);
INSERT INTO journal (at, actor, operation, kind, id, before, after) VALUES ('2026-11-01T10:00:00.000Z', 'admin0', 'create', 'User', 'u-ada', 0, 1);
INSERT INTO journal (at, actor, operation, kind, id, before, after) VALUES ('2026-11-01T10:00:00.000Z', 'admin0', 'create', 'User', 'u-bo', 0, 1);
INSERT INTO journal (at, actor, operation, kind, id, before, after) VALUES ('2026-11-01T10:00:00.000Z', 'admin0', 'create', 'Group', 'g-all', 0, 1);
INSERT INTO journal (at, actor, operation, kind, id, before, after) VALUES ('2026-11-01T10:00:00.000Z', 'admin0', 'create', 'Group', 'g-inner', 0, 1);
INSERT INTO journal (at, actor, operation, kind, id, before, after) VALUES ('2026-11-02T10:00:00.000Z', 'admin0', 'patch', 'User', 'u-ada', 1, 2);
INSERT INTO journal (at, actor, operation, kind, id, before, after) VALUES ('2026-11-02T10:00:00.000Z', 'admin0', 'patch', 'Group', 'g-all', 1, 2);
INSERT INTO token (hash, scope, created, revoked) VALUES ('430289fb20baafe850ecc83276d23cf5d5f26bc8df62b51986c16e69c386e47f', 'provision', '2026-11-01T10:00:00.000Z', NULL);
INSERT INTO token (hash, scope, created, revoked) VALUES ('0000000000000000000000000000000000000000000000000000000000000000', 'provision', '2026-11-01T10:00:00.000Z', '2026-11-02T10:00:00.000Z');
INSERT INTO outbox (kind, attribute, value, seq) VALUES ('User', '', 'u-ada', 5);
INSERT INTO outbox (kind, attribute, value, seq) VALUES ('User', 'username', 'ada@example.com', 5);
INSERT INTO outbox (kind, attribute, value, seq) VALUES ('Group', '', 'g-all', 6);
INSERT INTO outbox (kind, attribute, value, seq) VALUES ('Group', 'displayname', 'all', 6);
