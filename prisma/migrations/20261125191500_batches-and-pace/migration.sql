-- AlterTable
ALTER TABLE "Email" DROP COLUMN "message",
ADD COLUMN     "batchId" UUID;

-- CreateTable
CREATE TABLE "Batch" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "messages" JSON NOT NULL,
    "attempts" INTEGER NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Batch_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Pace" (
    "account" TEXT NOT NULL,
    "nextTurnAt" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "perSecond" DOUBLE PRECISION,
    "reason" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "Pace_pkey" PRIMARY KEY ("account")
);

-- CreateIndex
CREATE INDEX "Email_batchId_idx" ON "Email"("batchId");

-- AddForeignKey
ALTER TABLE "Email" ADD CONSTRAINT "Email_batchId_fkey" FOREIGN KEY ("batchId") REFERENCES "Batch"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- A mail is sent once. The worker and a webhook may both report it.
CREATE UNIQUE INDEX "EmailEvent_sent_once" ON "EmailEvent"("emailId") WHERE "status" = 'sent';

-- One notification for a statement that writes many rows. A payload may have 8,000 bytes: 200 ids, with commas between.
DROP TRIGGER notify_email_event ON "EmailEvent";

CREATE OR REPLACE FUNCTION notify_email_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('email_event', string_agg(id::text, ','))
    FROM (SELECT id, (row_number() OVER () - 1) / 200 AS chunk
          FROM (SELECT DISTINCT "emailId" AS id FROM written) AS changed) AS numbered
    GROUP BY chunk;
    RETURN NULL;
END
$$;

CREATE TRIGGER notify_email_event AFTER INSERT ON "EmailEvent"
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION notify_email_event();

DROP TRIGGER notify_user_event ON "Export";
DROP TRIGGER notify_user_event ON "Email";
DROP FUNCTION notify_user_event();

CREATE FUNCTION notify_user_event(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('user_event', string_agg(id::text, ','))
    FROM (SELECT id, (row_number() OVER () - 1) / 200 AS chunk
          FROM (SELECT DISTINCT unnest(ids) AS id) AS changed) AS numbered
    GROUP BY chunk;
END
$$;

CREATE FUNCTION notify_export() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM notify_user_event(array_agg("userId")) FROM written;
    RETURN NULL;
END
$$;

CREATE TRIGGER notify_export_insert AFTER INSERT ON "Export"
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION notify_export();
CREATE TRIGGER notify_export_update AFTER UPDATE ON "Export"
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION notify_export();

-- Only invitations count: a user's own mail has a ticket of its own.
CREATE FUNCTION notify_invitation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM notify_user_event(array_agg("userId")) FROM written WHERE "recipient" IS NOT NULL;
    RETURN NULL;
END
$$;

CREATE TRIGGER notify_invitation_insert AFTER INSERT ON "Email"
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION notify_invitation();
CREATE TRIGGER notify_invitation_update AFTER UPDATE ON "Email"
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION notify_invitation();
