import type { Times } from '@/app/(stage)/_lib/backstage'
import { formatDuration } from '@/app/components/site/figures'

/** How long the mails of the last five minutes took: median and 95th percentile. */
export function TimesTable({ times }: { times: Times | null | undefined }) {
  return (
    <table className="w-full table-fixed text-left text-xl leading-7 tabular-nums stage:w-80">
      <caption className="sr-only">The mails of the last five minutes</caption>
      <thead>
        <tr className="text-muted">
          <td />
          <th scope="col" className="text-right font-normal whitespace-nowrap">
            <abbr title="Median" className="no-underline">
              half in
            </abbr>
          </th>
          <th scope="col" className="text-right font-normal whitespace-nowrap">
            <abbr title="95th percentile" className="no-underline">
              95 % in
            </abbr>
          </th>
        </tr>
      </thead>
      <tbody>
        <TimesRow label="Waiting" times={times?.waited} />
        <TimesRow label="Sending" times={times?.took} />
      </tbody>
    </table>
  )
}

function TimesRow({ label, times = [] }: { label: string; times: number[] | undefined }) {
  const [median, p95] = times
  return (
    <tr>
      <th scope="row" className="font-semibold">
        {label}
      </th>
      <td className="text-right font-bold">{median === undefined ? '–' : formatDuration(median)}</td>
      <td className="text-right font-bold">{p95 === undefined ? '–' : formatDuration(p95)}</td>
    </tr>
  )
}
