-- AlterTable
ALTER TABLE "Email" ADD COLUMN     "deaths" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "Pace" ADD COLUMN     "pausedAt" TIMESTAMPTZ(3);
