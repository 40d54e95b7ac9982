-- A BRIN index is read in ranges of pages, and those that were written since the last VACUUM are read as a whole.
DROP INDEX "User_createdAt_idx";

-- CreateTable
CREATE TABLE "CleanUp" (
    "name" TEXT NOT NULL,
    "cursor" BIGINT NOT NULL DEFAULT 0,
    "failedAt" TIMESTAMPTZ(3),

    CONSTRAINT "CleanUp_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "User_createdAt_idx" ON "User"("createdAt");

-- CreateIndex
CREATE INDEX "SpentKey_until_idx" ON "SpentKey"("until");

-- CreateIndex
CREATE INDEX "Session_usedAt_idx" ON "Session"("usedAt");

-- CreateIndex
CREATE INDEX "SuppressedMailbox_expiresAt_idx" ON "SuppressedMailbox"("expiresAt");

-- CreateIndex
CREATE INDEX "Export_status_idx" ON "Export"("status");

-- CreateIndex
CREATE INDEX "Export_createdAt_idx" ON "Export"("createdAt");
