import { changeWeather, weatherInput } from '@/app/(stage)/_lib/weather'
import { readInput } from '@/lib/http/input'
import { route } from '@/lib/protection/route'
import { sandboxOnly } from '../sandbox-only'

const MAX_BYTES = 1024

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    async PUT(request) {
      const weather = await changeWeather(await readInput(request, weatherInput, MAX_BYTES))
      return Response.json(weather)
    },
  },
  { guard: sandboxOnly },
)
