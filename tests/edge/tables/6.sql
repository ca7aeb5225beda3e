-- A tenant's tables at version 6, with rows: what every later version must take over. Never change it.
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
CREATE TABLE link (source TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO schema_version (version) VALUES (1);
ALTER TABLE token ADD COLUMN expires TEXT;
ALTER TABLE token ADD COLUMN used TEXT;
ALTER TABLE journal ADD COLUMN document TEXT;
CREATE INDEX journal_resource ON journal (id, seq);
INSERT INTO schema_version (version) VALUES (2);
CREATE INDEX resource_modified ON resource (kind, modified, id);
CREATE INDEX outbox_order ON outbox (seq);
CREATE TABLE chunk (group_id TEXT NOT NULL, first TEXT NOT NULL, PRIMARY KEY (group_id, first)) WITHOUT ROWID;
CREATE TABLE password (id TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE client (id TEXT PRIMARY KEY, hash TEXT NOT NULL, scope TEXT NOT NULL, created TEXT NOT NULL,
           expires TEXT, used TEXT, revoked TEXT) WITHOUT ROWID;
CREATE TABLE counter (name TEXT PRIMARY KEY, number INTEGER NOT NULL, last TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO schema_version (version) VALUES (3);
ALTER TABLE journal ADD COLUMN members TEXT;
CREATE INDEX journal_time ON journal (at, seq);
CREATE TABLE stream (id TEXT PRIMARY KEY, settings TEXT NOT NULL, cursor INTEGER NOT NULL,
           failures INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0, error TEXT) WITHOUT ROWID;
CREATE TABLE event (stream TEXT NOT NULL, seq INTEGER NOT NULL, resource TEXT NOT NULL, state TEXT NOT NULL,
           attempts INTEGER NOT NULL, due INTEGER NOT NULL, error TEXT, PRIMARY KEY (stream, seq)) WITHOUT ROWID;
INSERT INTO schema_version (version) VALUES (4);
INSERT INTO schema_version (version) VALUES (5);
INSERT INTO schema_version (version) VALUES (6);
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
INSERT INTO journal (at, actor, operation, kind, id, before, after, document) VALUES ('2026-11-01T10:00:00.000Z', 'admin0', 'create', 'User', 'u-ada', 0, 1, '{"userName":"Ada@example.com","externalId":"e-1","displayName":"Ada","active":true,"emails":[{"type":"work","value":"ada@example.com","primary":true}],"title":"Miss"}');
INSERT INTO journal (at, actor, operation, kind, id, before, after, document) VALUES ('2026-11-01T10:00:00.000Z', 'admin0', 'create', 'User', 'u-bo', 0, 1, '{"userName":"bo@example.com","displayName":"Bo O''Neil","active":false}');
INSERT INTO journal (at, actor, operation, kind, id, before, after, document) VALUES ('2026-11-01T10:00:00.000Z', 'admin0', 'create', 'Group', 'g-all', 0, 1, '{"displayName": "All"}');
INSERT INTO journal (at, actor, operation, kind, id, before, after, document) VALUES ('2026-11-01T10:00:00.000Z', 'admin0', 'create', 'Group', 'g-inner', 0, 1, '{"displayName": "Inner"}');
INSERT INTO journal (at, actor, operation, kind, id, before, after, document) VALUES ('2026-11-02T10:00:00.000Z', 'admin0', 'patch', 'User', 'u-ada', 1, 2, '{"userName":"Ada@example.com","externalId":"e-1","displayName":"Ada","active":true,"emails":[{"type":"work","value":"ada@example.com","primary":true}],"title":"Countess"}');
INSERT INTO journal (at, actor, operation, kind, id, before, after, document) VALUES ('2026-11-02T10:00:00.000Z', 'admin0', 'patch', 'Group', 'g-all', 1, 2, '{"displayName": "All"}');
INSERT INTO token (hash, scope, created, revoked, expires, used) VALUES ('430289fb20baafe850ecc83276d23cf5d5f26bc8df62b51986c16e69c386e47f', 'provision', '2026-11-01T10:00:00.000Z', NULL, NULL, '2026-11-02T10:00:00.000Z');
INSERT INTO token (hash, scope, created, revoked, expires, used) VALUES ('0000000000000000000000000000000000000000000000000000000000000000', 'provision', '2026-11-01T10:00:00.000Z', '2026-11-02T10:00:00.000Z', '2026-12-01T00:00:00Z', NULL);
INSERT INTO outbox (kind, attribute, value, seq) VALUES ('User', '', 'u-ada', 5);
INSERT INTO outbox (kind, attribute, value, seq) VALUES ('User', 'username', 'ada@example.com', 5);
INSERT INTO outbox (kind, attribute, value, seq) VALUES ('Group', '', 'g-all', 6);
INSERT INTO outbox (kind, attribute, value, seq) VALUES ('Group', 'displayname', 'all', 6);
INSERT INTO chunk (group_id, first) VALUES ('g-all', '');
INSERT INTO chunk (group_id, first) VALUES ('g-inner', '');
INSERT INTO outbox (kind, attribute, value, seq) VALUES ('Group', '#members', 'g-all/', 6);
INSERT INTO password (id, hash) VALUES ('u-ada', '$pbkdf2-sha256$i=100000$c2FsdA$aGFzaA');
INSERT INTO client (id, hash, scope, created, expires, used, revoked) VALUES ('c1', '00', 'read', '2026-11-01T10:00:00.000Z', NULL, NULL, NULL);
INSERT INTO counter (name, number, last) VALUES ('refused', 3, '2026-11-02T10:00:00.000Z');
INSERT INTO link (source, target) VALUES ('e-1', 'u-ada');
