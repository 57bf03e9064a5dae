CREATE FUNCTION public.audit_leaf_of(at timestamp with time zone, client text, actor text, action text, transfer text, result text, detail jsonb) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT convert_to('{"v":1,"at":"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
                    || '","client":' || to_json(client) || ',"actor":' || to_json(actor)
                    || ',"action":' || to_json(action) || ',"transfer":' || to_json(transfer)
                    || ',"result":' || to_json(result) || ',"detail":' || detail::text || E'}\n', 'UTF8')
$$;
CREATE FUNCTION public.audit_log_of(client text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT CASE client WHEN '' THEN 'studio' ELSE 'client/' || client END
$$;
CREATE FUNCTION public.audit_set_leaf() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.leaf := audit_leaf_of(NEW.at, NEW.client, NEW.actor, NEW.action, NEW.transfer, NEW.result, NEW.detail);
  RETURN NEW;
END
$$;
CREATE TABLE public.access_review (
    id text NOT NULL,
    opened timestamp with time zone NOT NULL,
    opened_by text NOT NULL,
    ends timestamp with time zone NOT NULL,
    closed timestamp with time zone,
    closed_by text DEFAULT ''::text NOT NULL
);
CREATE TABLE public.access_review_entry (
    review text NOT NULL,
    grant_id text NOT NULL,
    reviewer text NOT NULL,
    decision text DEFAULT ''::text NOT NULL,
    decided timestamp with time zone,
    decided_by text DEFAULT ''::text NOT NULL,
    note text DEFAULT ''::text NOT NULL
);
CREATE TABLE public.agent (
    id text NOT NULL,
    site text NOT NULL,
    identity text NOT NULL,
    join_grant text NOT NULL,
    identity_key text NOT NULL,
    tls_spki text NOT NULL,
    session_counter bigint DEFAULT 0 NOT NULL,
    version text DEFAULT ''::text NOT NULL,
    volumes text[] DEFAULT '{}'::text[] NOT NULL,
    certificate_expires timestamp with time zone,
    enrolled timestamp with time zone NOT NULL,
    last_report timestamp with time zone
);
CREATE TABLE public.api_token (
    id text NOT NULL,
    hash text NOT NULL,
    subject text NOT NULL,
    roles text[] NOT NULL,
    client text NOT NULL,
    expires timestamp with time zone NOT NULL,
    revoked timestamp with time zone
);
CREATE TABLE public.approval (
    id bigint NOT NULL,
    transfer text NOT NULL,
    client text NOT NULL,
    requirement text NOT NULL,
    approver text NOT NULL,
    decision text NOT NULL,
    statement text NOT NULL,
    nonce text NOT NULL,
    received timestamp with time zone NOT NULL,
    dismissed timestamp with time zone,
    dismissed_reason text DEFAULT ''::text NOT NULL
);
ALTER TABLE public.approval ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.approval_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.approval_reminder (
    transfer text NOT NULL,
    asked timestamp with time zone NOT NULL,
    kind text NOT NULL,
    recipient text NOT NULL,
    binding text NOT NULL,
    due timestamp with time zone NOT NULL,
    told timestamp with time zone,
    ended timestamp with time zone,
    CONSTRAINT a_reminder_is_one_of_two_kinds CHECK ((kind = ANY (ARRAY['reminder'::text, 'escalation'::text])))
);
CREATE TABLE public.audit (
    id bigint NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    at timestamp with time zone NOT NULL,
    client text NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    transfer text NOT NULL,
    result text NOT NULL,
    detail jsonb NOT NULL,
    leaf bytea NOT NULL
);
CREATE TABLE public.audit_checkpoint (
    log text NOT NULL,
    size bigint NOT NULL,
    signed timestamp with time zone NOT NULL,
    note text NOT NULL
);
CREATE TABLE public.audit_cosignature (
    log text NOT NULL,
    size bigint NOT NULL,
    agent text NOT NULL,
    received timestamp with time zone NOT NULL,
    line text NOT NULL
);
ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.audit_leaf (
    log text NOT NULL,
    number bigint NOT NULL,
    audit bigint NOT NULL
);
CREATE TABLE public.audit_log (
    log text NOT NULL,
    size bigint NOT NULL,
    urgent boolean NOT NULL
);
CREATE TABLE public.audit_position (
    one boolean DEFAULT true NOT NULL,
    xid xid8 NOT NULL,
    id bigint NOT NULL,
    CONSTRAINT there_is_one_position CHECK (one)
);
CREATE TABLE public.audit_tile (
    log text NOT NULL,
    level integer NOT NULL,
    tile bigint NOT NULL,
    hashes bytea NOT NULL
);
ALTER TABLE ONLY public.audit_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE public.break_glass (
    digest text NOT NULL,
    transfer text NOT NULL,
    client text NOT NULL,
    first_person text NOT NULL,
    second_person text NOT NULL,
    reason text NOT NULL,
    statement text NOT NULL,
    not_before timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    asked timestamp with time zone NOT NULL,
    broken timestamp with time zone,
    review_due timestamp with time zone,
    reviewed timestamp with time zone,
    reviewer text DEFAULT ''::text NOT NULL,
    verdict text DEFAULT ''::text NOT NULL,
    review text DEFAULT ''::text NOT NULL,
    review_statement text DEFAULT ''::text NOT NULL,
    CONSTRAINT a_broken_glass_has_a_day_for_its_review CHECK (((broken IS NULL) = (review_due IS NULL))),
    CONSTRAINT only_a_broken_glass_is_reviewed CHECK (((reviewed IS NULL) OR (broken IS NOT NULL))),
    CONSTRAINT two_break_the_glass CHECK ((first_person <> second_person))
);
CREATE TABLE public.calendar_file (
    digest text NOT NULL,
    bytes bytea NOT NULL,
    kept timestamp with time zone NOT NULL,
    CONSTRAINT a_calendar_file_is_small CHECK ((octet_length(bytes) <= 65536)),
    CONSTRAINT a_calendar_file_is_what_its_digest_says CHECK ((digest = encode(sha256(bytes), 'hex'::text)))
);
CREATE TABLE public.decision (
    id bigint NOT NULL,
    transfer text NOT NULL,
    client text NOT NULL,
    at timestamp with time zone NOT NULL,
    policy text NOT NULL,
    roster bigint NOT NULL,
    facts jsonb NOT NULL,
    approvals jsonb NOT NULL,
    verdict text NOT NULL,
    result jsonb NOT NULL,
    outcome text NOT NULL,
    occasion text DEFAULT ''::text NOT NULL,
    layers jsonb,
    voices jsonb
);
ALTER TABLE public.decision ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.decision_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.delegation (
    digest text NOT NULL,
    client text NOT NULL,
    approver text NOT NULL,
    delegate text NOT NULL,
    reason text NOT NULL,
    statement text NOT NULL,
    not_before timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    received timestamp with time zone NOT NULL,
    ended timestamp with time zone,
    end_statement text,
    CONSTRAINT an_ended_delegation_has_its_statement CHECK (((ended IS NULL) = (end_statement IS NULL)))
);
CREATE TABLE public.denied_key (
    spki text NOT NULL,
    number bigint NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL
);
ALTER TABLE public.denied_key ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.denied_key_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.inbox (
    id bigint NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    client text DEFAULT ''::text NOT NULL,
    kind text NOT NULL,
    project text NOT NULL,
    entity_type text NOT NULL,
    entity_id text NOT NULL,
    occurred timestamp with time zone NOT NULL,
    received timestamp with time zone NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    outcome text DEFAULT ''::text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone NOT NULL,
    CONSTRAINT an_inbox_state_is_known CHECK ((state = ANY (ARRAY['waiting'::text, 'done'::text, 'parked'::text])))
);
ALTER TABLE public.inbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.join_grant (
    digest text NOT NULL,
    site text NOT NULL,
    statement text NOT NULL,
    not_after timestamp with time zone NOT NULL,
    registered timestamp with time zone NOT NULL,
    used_by text
);
CREATE TABLE public.link (
    source_site text NOT NULL,
    destination_site text NOT NULL,
    concurrency integer NOT NULL,
    bytes_per_second_max bigint NOT NULL,
    held_reason text DEFAULT ''::text NOT NULL,
    held_until timestamp with time zone
);
CREATE TABLE public.manifest_chunk (
    transfer text NOT NULL,
    scan bigint NOT NULL,
    index bigint NOT NULL,
    client text NOT NULL,
    bytes bytea NOT NULL
);
CREATE TABLE public.notification (
    id bigint NOT NULL,
    recipient text NOT NULL,
    client text NOT NULL,
    transfer text NOT NULL,
    state text NOT NULL,
    document text NOT NULL,
    created timestamp with time zone NOT NULL,
    not_before timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    done timestamp with time zone,
    error text DEFAULT ''::text NOT NULL
);
ALTER TABLE public.notification ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.outgoing_event (
    id bigint NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    at timestamp with time zone NOT NULL,
    client text NOT NULL,
    project text NOT NULL,
    transfer text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL
);
ALTER TABLE public.outgoing_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outgoing_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.policy (
    client text NOT NULL,
    digest text NOT NULL,
    title text NOT NULL,
    text bytea NOT NULL,
    author text NOT NULL,
    proposed timestamp with time zone NOT NULL,
    calendars text[] DEFAULT '{}'::text[] NOT NULL
);
CREATE TABLE public.policy_activation (
    client text NOT NULL,
    number bigint NOT NULL,
    digest text NOT NULL,
    statement text NOT NULL,
    officer text NOT NULL,
    activated timestamp with time zone NOT NULL
);
CREATE TABLE public.policy_event (
    id bigint NOT NULL,
    scope text NOT NULL,
    digest text NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    cause text NOT NULL,
    state text NOT NULL,
    number bigint DEFAULT 0 NOT NULL,
    detail text DEFAULT ''::text NOT NULL
);
ALTER TABLE public.policy_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.policy_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.policy_shadow (
    scope text NOT NULL,
    digest text NOT NULL,
    text bytea NOT NULL,
    author text NOT NULL,
    started timestamp with time zone NOT NULL,
    calendars text[] DEFAULT '{}'::text[] NOT NULL
);
CREATE TABLE public.policy_shadow_difference (
    scope text NOT NULL,
    digest text NOT NULL,
    decision bigint NOT NULL,
    kind text NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    why text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.policy_version (
    scope text NOT NULL,
    digest text NOT NULL,
    state text NOT NULL,
    author text NOT NULL,
    proposed timestamp with time zone NOT NULL,
    against text DEFAULT ''::text NOT NULL,
    difference jsonb DEFAULT '{}'::jsonb NOT NULL,
    accepted text[] DEFAULT '{}'::text[] NOT NULL,
    number bigint DEFAULT 0 NOT NULL,
    statement text DEFAULT ''::text NOT NULL,
    officer text DEFAULT ''::text NOT NULL,
    CONSTRAINT a_version_state_is_known CHECK ((state = ANY (ARRAY['proposed'::text, 'approved'::text, 'in_force'::text, 'replaced'::text, 'stale'::text, 'withdrawn'::text])))
);
CREATE TABLE public.receipt (
    transfer text NOT NULL,
    client text NOT NULL,
    epoch_generation bigint NOT NULL,
    epoch_n bigint NOT NULL,
    role text NOT NULL,
    agent text NOT NULL,
    statement text NOT NULL,
    received timestamp with time zone NOT NULL
);
CREATE TABLE public.relay (
    id text NOT NULL,
    site text NOT NULL,
    spki text NOT NULL,
    address_lan text NOT NULL,
    address_wan text NOT NULL,
    statement text NOT NULL,
    added timestamp with time zone NOT NULL
);
CREATE TABLE public.relay_keys (
    site text NOT NULL,
    number bigint NOT NULL,
    bundle text NOT NULL,
    received timestamp with time zone NOT NULL
);
CREATE TABLE public.request (
    subject text NOT NULL,
    request_id text NOT NULL,
    method text NOT NULL,
    resource text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.role_grant (
    id text NOT NULL,
    person text NOT NULL,
    role text NOT NULL,
    client text NOT NULL,
    reason text NOT NULL,
    granted_by text NOT NULL,
    granted timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL,
    ended timestamp with time zone,
    ended_by text DEFAULT ''::text NOT NULL,
    ending text DEFAULT ''::text NOT NULL,
    CONSTRAINT a_grant_has_an_end CHECK ((expires > granted)),
    CONSTRAINT an_ending_has_a_name CHECK (((ended IS NULL) = (ending = ''::text))),
    CONSTRAINT nobody_grants_to_themselves CHECK ((person <> granted_by))
);
CREATE TABLE public.roster (
    number bigint NOT NULL,
    body bytea NOT NULL,
    statement text NOT NULL,
    received timestamp with time zone NOT NULL
);
CREATE TABLE public.scan_finding (
    transfer text NOT NULL,
    scan bigint NOT NULL,
    ordinal integer NOT NULL,
    client text NOT NULL,
    code text NOT NULL,
    path bytea NOT NULL,
    detail text NOT NULL
);
CREATE TABLE public.source_cursor (
    source text NOT NULL,
    system_identifier text NOT NULL,
    timeline bigint NOT NULL,
    xid text NOT NULL,
    id bigint NOT NULL,
    reconciled timestamp with time zone,
    updated timestamp with time zone NOT NULL
);
CREATE TABLE public.staging (
    transfer text NOT NULL,
    agent text NOT NULL,
    client text NOT NULL,
    volume text NOT NULL,
    epoch_generation bigint NOT NULL,
    epoch_n bigint NOT NULL,
    assigned timestamp with time zone NOT NULL,
    refusals integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone NOT NULL,
    cleaned timestamp with time zone
);
CREATE TABLE public.transfer (
    id text NOT NULL,
    client text NOT NULL,
    project text NOT NULL,
    delivery text NOT NULL,
    trigger text NOT NULL,
    inbox bigint,
    event_kind text NOT NULL,
    requester text NOT NULL,
    source text NOT NULL,
    entity_type text NOT NULL,
    entity_id text NOT NULL,
    entity_name text NOT NULL,
    entity_version text NOT NULL,
    entity_status text NOT NULL,
    generation text NOT NULL,
    publisher text NOT NULL,
    classification text NOT NULL,
    tags text[] NOT NULL,
    source_site text NOT NULL,
    destination_site text NOT NULL,
    volume text NOT NULL,
    path bytea NOT NULL,
    destination_path bytea NOT NULL,
    purpose text NOT NULL,
    priority integer NOT NULL,
    deadline timestamp with time zone,
    state text NOT NULL,
    state_since timestamp with time zone NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    paused_by text DEFAULT ''::text NOT NULL,
    paused_reason text DEFAULT ''::text NOT NULL,
    scan bigint DEFAULT 1 NOT NULL,
    listing text DEFAULT ''::text NOT NULL,
    content text DEFAULT ''::text NOT NULL,
    content_wanted boolean DEFAULT false NOT NULL,
    files bigint DEFAULT 0 NOT NULL,
    bytes bigint DEFAULT 0 NOT NULL,
    chunks bigint DEFAULT 0 NOT NULL,
    decision bigint,
    policy text DEFAULT ''::text NOT NULL,
    verify text DEFAULT 'landed'::text NOT NULL,
    epoch_generation bigint DEFAULT 0 NOT NULL,
    epoch_n bigint DEFAULT 0 NOT NULL,
    rendezvous bytea NOT NULL,
    agent_from text DEFAULT ''::text NOT NULL,
    agent_to text DEFAULT ''::text NOT NULL,
    renewed timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone NOT NULL,
    created timestamp with time zone NOT NULL,
    changed timestamp with time zone NOT NULL,
    merge text DEFAULT 'never'::text NOT NULL,
    replaces boolean DEFAULT false NOT NULL,
    ready text DEFAULT 'none'::text NOT NULL,
    relay_from text DEFAULT ''::text NOT NULL,
    relay_to text DEFAULT ''::text NOT NULL,
    decide_again timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT a_merge_is_never_whole_or_visible CHECK ((merge = ANY (ARRAY['never'::text, 'whole'::text, 'visible'::text]))),
    CONSTRAINT a_transfer_state_is_known CHECK ((state = ANY (ARRAY['received'::text, 'scanning'::text, 'deciding'::text, 'held'::text, 'awaiting_approval'::text, 'queued'::text, 'running'::text, 'publishing'::text, 'delivered'::text, 'closed'::text, 'denied'::text, 'superseded'::text, 'expired'::text, 'cancelled'::text, 'failed'::text])))
);
CREATE TABLE public.transfer_history (
    id bigint NOT NULL,
    transfer text NOT NULL,
    client text NOT NULL,
    at timestamp with time zone NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    cause text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    epoch_generation bigint NOT NULL,
    epoch_n bigint NOT NULL
);
ALTER TABLE public.transfer_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.transfer_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.transfer_key (
    key text NOT NULL,
    client text NOT NULL,
    transfer text NOT NULL,
    made timestamp with time zone NOT NULL
);
CREATE TABLE public.trigger_set (
    name text NOT NULL,
    text bytea NOT NULL,
    names text[] NOT NULL,
    author text NOT NULL,
    applied timestamp with time zone NOT NULL
);
CREATE TABLE public.withdrawal (
    approval text NOT NULL,
    transfer text NOT NULL,
    client text NOT NULL,
    requirement text NOT NULL,
    approver text NOT NULL,
    reason text NOT NULL,
    statement text NOT NULL,
    not_after timestamp with time zone NOT NULL,
    received timestamp with time zone NOT NULL
);
CREATE TABLE public.write_back (
    id bigint NOT NULL,
    client text NOT NULL,
    transfer text NOT NULL,
    source text NOT NULL,
    entity_type text NOT NULL,
    entity_id text NOT NULL,
    destination text NOT NULL,
    state text NOT NULL,
    note text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone NOT NULL,
    done timestamp with time zone
);
ALTER TABLE public.write_back ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.write_back_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE ONLY public.break_glass
    ADD CONSTRAINT a_break_glass_is_asked_once PRIMARY KEY (digest);
ALTER TABLE ONLY public.calendar_file
    ADD CONSTRAINT a_calendar_file_is_kept_once PRIMARY KEY (digest);
ALTER TABLE ONLY public.delegation
    ADD CONSTRAINT a_delegation_is_handed_in_once PRIMARY KEY (digest);
ALTER TABLE ONLY public.policy_shadow_difference
    ADD CONSTRAINT a_difference_is_kept_once PRIMARY KEY (scope, digest, decision, after);
ALTER TABLE ONLY public.access_review_entry
    ADD CONSTRAINT a_grant_is_reviewed_once PRIMARY KEY (review, grant_id);
ALTER TABLE ONLY public.policy_activation
    ADD CONSTRAINT a_policy_number_is_used_once PRIMARY KEY (client, number);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT a_token_hash_is_used_once UNIQUE (hash);
ALTER TABLE ONLY public.policy_version
    ADD CONSTRAINT a_version_is_one_of_its_scope PRIMARY KEY (scope, digest);
ALTER TABLE ONLY public.access_review
    ADD CONSTRAINT access_review_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.agent
    ADD CONSTRAINT agent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.staging
    ADD CONSTRAINT an_agent_holds_staging_of_a_transfer_once PRIMARY KEY (transfer, agent);
ALTER TABLE ONLY public.approval
    ADD CONSTRAINT an_approval_is_used_once UNIQUE (nonce);
ALTER TABLE ONLY public.withdrawal
    ADD CONSTRAINT an_approval_is_withdrawn_once PRIMARY KEY (approval);
ALTER TABLE ONLY public.receipt
    ADD CONSTRAINT an_attempt_has_one_receipt_of_each_role PRIMARY KEY (transfer, epoch_generation, epoch_n, role);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT an_event_enters_the_inbox_once UNIQUE (source, external_id);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT an_outcome_is_kept_once UNIQUE (transfer, outcome);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.approval
    ADD CONSTRAINT approval_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_checkpoint
    ADD CONSTRAINT audit_checkpoint_pkey PRIMARY KEY (log, size);
ALTER TABLE ONLY public.audit_cosignature
    ADD CONSTRAINT audit_cosignature_pkey PRIMARY KEY (log, size, agent);
ALTER TABLE ONLY public.audit_leaf
    ADD CONSTRAINT audit_leaf_pkey PRIMARY KEY (log, number);
ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (log);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_position
    ADD CONSTRAINT audit_position_pkey PRIMARY KEY (one);
ALTER TABLE ONLY public.audit_tile
    ADD CONSTRAINT audit_tile_pkey PRIMARY KEY (log, level, tile);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.denied_key
    ADD CONSTRAINT denied_key_pkey PRIMARY KEY (spki);
ALTER TABLE ONLY public.approval_reminder
    ADD CONSTRAINT each_is_told_once_of_what_is_asked PRIMARY KEY (transfer, asked, kind, recipient);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.join_grant
    ADD CONSTRAINT join_grant_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.link
    ADD CONSTRAINT link_pkey PRIMARY KEY (source_site, destination_site);
ALTER TABLE ONLY public.manifest_chunk
    ADD CONSTRAINT manifest_chunk_pkey PRIMARY KEY (transfer, scan, index);
ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.outgoing_event
    ADD CONSTRAINT outgoing_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.policy_event
    ADD CONSTRAINT policy_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.policy
    ADD CONSTRAINT policy_pkey PRIMARY KEY (client, digest);
ALTER TABLE ONLY public.policy_shadow
    ADD CONSTRAINT policy_shadow_pkey PRIMARY KEY (scope);
ALTER TABLE ONLY public.relay_keys
    ADD CONSTRAINT relay_keys_pkey PRIMARY KEY (site, number);
ALTER TABLE ONLY public.relay
    ADD CONSTRAINT relay_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.request
    ADD CONSTRAINT request_pkey PRIMARY KEY (subject, request_id);
ALTER TABLE ONLY public.role_grant
    ADD CONSTRAINT role_grant_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.roster
    ADD CONSTRAINT roster_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.scan_finding
    ADD CONSTRAINT scan_finding_pkey PRIMARY KEY (transfer, scan, ordinal);
ALTER TABLE ONLY public.source_cursor
    ADD CONSTRAINT source_cursor_pkey PRIMARY KEY (source);
ALTER TABLE ONLY public.transfer_history
    ADD CONSTRAINT transfer_history_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.transfer_key
    ADD CONSTRAINT transfer_key_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.trigger_set
    ADD CONSTRAINT trigger_set_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.write_back
    ADD CONSTRAINT write_back_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX a_scope_has_one_version_in_force ON public.policy_version USING btree (scope) WHERE (state = 'in_force'::text);
CREATE INDEX access_review_entry_by_grant ON public.access_review_entry USING btree (grant_id) WHERE (decision = ''::text);
CREATE INDEX approval_by_transfer ON public.approval USING btree (transfer, id);
CREATE INDEX approval_denial_by_time ON public.approval USING btree (received) WHERE (decision = 'deny'::text);
CREATE INDEX approval_reminder_due ON public.approval_reminder USING btree (due, transfer) WHERE ((told IS NULL) AND (ended IS NULL));
CREATE INDEX audit_by_position ON public.audit USING btree (xid, id);
CREATE INDEX audit_by_transfer ON public.audit USING btree (transfer, id) WHERE (transfer <> ''::text);
CREATE INDEX audit_cosignature_by_agent ON public.audit_cosignature USING btree (agent, log, size DESC);
CREATE INDEX break_glass_by_time ON public.break_glass USING btree (asked, digest);
CREATE INDEX break_glass_by_transfer ON public.break_glass USING btree (transfer, asked);
CREATE INDEX break_glass_unreviewed ON public.break_glass USING btree (client, review_due) WHERE (reviewed IS NULL);
CREATE INDEX decision_by_time ON public.decision USING btree (at, id);
CREATE INDEX decision_by_transfer ON public.decision USING btree (transfer, id);
CREATE INDEX delegation_by_end ON public.delegation USING btree (not_after, digest);
CREATE INDEX inbox_waiting ON public.inbox USING btree (not_before, id) WHERE (state = 'waiting'::text);
CREATE INDEX notification_due ON public.notification USING btree (not_before, id) WHERE (done IS NULL);
CREATE UNIQUE INDEX one_access_review_is_open ON public.access_review USING btree (((closed IS NULL))) WHERE (closed IS NULL);
CREATE INDEX outgoing_event_by_position ON public.outgoing_event USING btree (xid, id);
CREATE INDEX policy_event_by_scope ON public.policy_event USING btree (scope, id);
CREATE INDEX role_grant_by_person ON public.role_grant USING btree (person) WHERE (ended IS NULL);
CREATE INDEX staging_to_clean ON public.staging USING btree (agent, assigned) WHERE (cleaned IS NULL);
CREATE INDEX transfer_by_creation ON public.transfer USING btree (created DESC, id);
CREATE INDEX transfer_by_delivery ON public.transfer USING btree (delivery);
CREATE INDEX transfer_by_entity ON public.transfer USING btree (source, entity_type, entity_id);
CREATE INDEX transfer_decide_again ON public.transfer USING btree (state, decide_again) WHERE (state = ANY (ARRAY['held'::text, 'awaiting_approval'::text, 'running'::text]));
CREATE INDEX transfer_history_by_transfer ON public.transfer_history USING btree (transfer, id);
CREATE INDEX transfer_live ON public.transfer USING btree (state, priority DESC, created, id) WHERE (state <> ALL (ARRAY['closed'::text, 'denied'::text, 'superseded'::text, 'expired'::text, 'cancelled'::text, 'failed'::text]));
CREATE INDEX withdrawal_by_end ON public.withdrawal USING btree (not_after);
CREATE INDEX withdrawal_by_transfer ON public.withdrawal USING btree (transfer, received);
CREATE INDEX write_back_waiting ON public.write_back USING btree (source, not_before, id) WHERE (done IS NULL);
CREATE TRIGGER audit_row_has_a_leaf BEFORE INSERT ON public.audit FOR EACH ROW EXECUTE FUNCTION public.audit_set_leaf();
ALTER TABLE ONLY public.access_review_entry
    ADD CONSTRAINT access_review_entry_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES public.role_grant(id);
ALTER TABLE ONLY public.access_review_entry
    ADD CONSTRAINT access_review_entry_review_fkey FOREIGN KEY (review) REFERENCES public.access_review(id);
ALTER TABLE ONLY public.policy_activation
    ADD CONSTRAINT an_activated_policy_was_proposed FOREIGN KEY (client, digest) REFERENCES public.policy(client, digest);
ALTER TABLE ONLY public.policy_shadow_difference
    ADD CONSTRAINT policy_shadow_difference_scope_fkey FOREIGN KEY (scope) REFERENCES public.policy_shadow(scope) ON DELETE CASCADE;
