-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "Erasure" AS ENUM ('requested', 'waiting');

-- CreateEnum
CREATE TYPE "EmailStatus" AS ENUM ('queued', 'sending', 'retrying', 'sent', 'failed', 'delayed', 'delivered', 'bounced', 'suppressed', 'complained');

-- CreateTable
CREATE TABLE "User" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "mailbox" TEXT,
    "confirmedAt" TIMESTAMPTZ(3),
    "signupKey" TEXT,
    "signupHash" TEXT,
    "sessionId" TEXT,
    "erasure" "Erasure",
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SpentKey" (
    "key" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "SpentKey_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "Sweep" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "checkedUntil" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "repaired" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "Sweep_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "CleanUp" (
    "name" TEXT NOT NULL,
    "cursor" BIGINT NOT NULL DEFAULT 0,
    "failedAt" TIMESTAMPTZ(3),

    CONSTRAINT "CleanUp_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "usedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SuppressedMailbox" (
    "mailbox" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "SuppressedMailbox_pkey" PRIMARY KEY ("mailbox")
);

-- CreateTable
CREATE TABLE "Email" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "userId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "data" JSONB,
    "recipient" TEXT,
    "mailbox" TEXT,
    "status" "EmailStatus" NOT NULL DEFAULT 'queued',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "batchId" UUID,
    "providerId" TEXT,
    "deaths" INTEGER NOT NULL DEFAULT 0,
    "usedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Email_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Batch" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "messages" JSON NOT NULL,
    "attemptsInDoubt" INTEGER NOT NULL,
    "sender" TEXT,
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
    "pausedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Pace_pkey" PRIMARY KEY ("account")
);

-- CreateTable
CREATE TABLE "RateLimit" (
    "key" TEXT NOT NULL,
    "points" INTEGER NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "RateLimit_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "EmailEvent" (
    "id" BIGSERIAL NOT NULL,
    "emailId" UUID NOT NULL,
    "status" "EmailStatus" NOT NULL,
    "attempt" INTEGER,
    "reason" TEXT,
    "retryAt" TIMESTAMPTZ(3),
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "providerEventId" TEXT,

    CONSTRAINT "EmailEvent_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");

-- CreateIndex
CREATE UNIQUE INDEX "User_signupKey_key" ON "User"("signupKey");

-- CreateIndex
CREATE INDEX "User_sessionId_idx" ON "User"("sessionId");

-- CreateIndex
CREATE INDEX "User_mailbox_idx" ON "User"("mailbox");

-- CreateIndex
CREATE INDEX "User_createdAt_idx" ON "User"("createdAt");

-- CreateIndex
CREATE INDEX "SpentKey_until_idx" ON "SpentKey"("until");

-- CreateIndex
CREATE INDEX "Session_usedAt_idx" ON "Session"("usedAt");

-- CreateIndex
CREATE INDEX "SuppressedMailbox_expiresAt_idx" ON "SuppressedMailbox"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "Email_providerId_key" ON "Email"("providerId");

-- CreateIndex
CREATE INDEX "Email_status_updatedAt_idx" ON "Email"("status", "updatedAt");

-- CreateIndex
CREATE INDEX "Email_batchId_idx" ON "Email"("batchId");

-- CreateIndex
CREATE UNIQUE INDEX "Email_userId_recipient_key" ON "Email"("userId", "recipient");

-- CreateIndex
CREATE INDEX "RateLimit_expiresAt_idx" ON "RateLimit"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "EmailEvent_providerEventId_key" ON "EmailEvent"("providerEventId");

-- CreateIndex
CREATE INDEX "EmailEvent_emailId_id_idx" ON "EmailEvent"("emailId", "id");

-- AddForeignKey
ALTER TABLE "User" ADD CONSTRAINT "User_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "Session"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Email" ADD CONSTRAINT "Email_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Email" ADD CONSTRAINT "Email_batchId_fkey" FOREIGN KEY ("batchId") REFERENCES "Batch"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "EmailEvent" ADD CONSTRAINT "EmailEvent_emailId_fkey" FOREIGN KEY ("emailId") REFERENCES "Email"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What schema.prisma cannot say.

-- Not in the write-ahead log: faster, and empty after a crash of Postgres.
ALTER TABLE "RateLimit" SET UNLOGGED;

-- A mail is sent once. The worker and a webhook may both report it.
CREATE UNIQUE INDEX "EmailEvent_sent_once" ON "EmailEvent"("emailId") WHERE "status" = 'sent';

INSERT INTO "Sweep" DEFAULT VALUES;

-- Notifies every web server at commit, for any writer. A payload has at most 8,000 bytes, so one notification has up to 200 ids.
CREATE FUNCTION notify_email_event() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- Notifies the streams of a mail when it is deleted, and when its user is being erased.
CREATE FUNCTION notify_emails(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('email_event', string_agg(id::text, ','))
    FROM (SELECT id, (row_number() OVER () - 1) / 200 AS chunk FROM unnest(ids) AS id) AS numbered
    GROUP BY chunk;
END
$$;

CREATE FUNCTION notify_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM notify_emails(array_agg(id)) FROM erased;
    RETURN NULL;
END
$$;

CREATE TRIGGER notify_erased AFTER DELETE ON "Email"
    REFERENCING OLD TABLE AS erased FOR EACH STATEMENT EXECUTE FUNCTION notify_erased();

-- The table of users. docs/your-app.md has another one.
CREATE FUNCTION notify_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM notify_emails(array_agg(id)) FROM "Email" WHERE "userId" = NEW.id AND "recipient" IS NULL;
    RETURN NULL;
END
$$;

CREATE TRIGGER notify_erasure AFTER UPDATE OF "erasure" ON "User"
    FOR EACH ROW EXECUTE FUNCTION notify_erasure();

-- For the sweep, which looks for erasures without a job.
CREATE INDEX "User_being_erased" ON "User"("id") WHERE "erasure" IS NOT NULL;

-- From here on: the orders (invitations and exports).

-- CreateEnum
CREATE TYPE "ExportStatus" AS ENUM ('queued', 'working', 'ready', 'canceled', 'failed', 'expired');

-- CreateTable
CREATE TABLE "Export" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "userId" UUID NOT NULL,
    "status" "ExportStatus" NOT NULL DEFAULT 'queued',
    "content" JSONB NOT NULL DEFAULT '{}',
    "expiresAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Export_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Export_userId_createdAt_idx" ON "Export"("userId", "createdAt");

-- CreateIndex
CREATE INDEX "Export_status_idx" ON "Export"("status");

-- CreateIndex
CREATE INDEX "Export_createdAt_idx" ON "Export"("createdAt");

-- AddForeignKey
ALTER TABLE "Export" ADD CONSTRAINT "Export_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Notifies the streams of a user of each change.
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
