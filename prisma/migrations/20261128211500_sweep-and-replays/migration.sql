-- AlterTable
ALTER TABLE "User" ADD COLUMN     "signupHash" TEXT;

-- CreateTable
CREATE TABLE "SpentKey" (
    "key" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "SpentKey_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "Sweep" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "checkedUntil" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "mended" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "Sweep_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "User_createdAt_idx" ON "User" USING BRIN ("createdAt");

-- The sweep looks for erasures without a job. Few users have one at any time.
CREATE INDEX "User_being_erased" ON "User"("id") WHERE "erasure" IS NOT NULL;
