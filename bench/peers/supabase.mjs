// The peer: @supabase/stripe-sync-engine as published; only the Stripe client's address is changed.
// node supabase.mjs STRIPE_HOST STRIPE_PORT DATABASE_URL [webhook-port] [types]
import http from 'node:http'
import { createRequire } from 'node:module'
import Stripe from 'stripe'

// Its CommonJS build: the other one does not find its own migrations.
const { StripeSync, runMigrations } = createRequire(import.meta.url)('@supabase/stripe-sync-engine')

const [host, port, databaseUrl, webhookPort, types] = process.argv.slice(2)
const key = 'sk_live_bulk'
const logger = { info() {}, error: (error, said) => console.error(said, String(error)) }
await runMigrations({ databaseUrl, schema: 'stripe', logger })
const sync = new StripeSync({
  poolConfig: { connectionString: databaseUrl, max: 10 }, stripeSecretKey: key, stripeWebhookSecret: 'whsec_bench',
  backfillRelatedEntities: false, autoExpandLists: false,
})
sync.stripe = new Stripe(key, { host, port, protocol: 'http', apiVersion: '2020-08-27' })
if (webhookPort) {
  http.createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', async () => {
      try {
        await sync.processWebhook(Buffer.concat(chunks), request.headers['stripe-signature'])
        response.writeHead(200, { 'content-length': 2 }).end('{}')
      } catch (error) {
        console.error(String(error).slice(0, 300))
        response.writeHead(500).end()
      }
    })
  }).listen(Number(webhookPort), '127.0.0.1', () => console.log('ready'))
} else {
  const began = process.hrtime.bigint()
  for (const object of types.split(',')) await sync.syncBackfill({ object }) // one after the other, as its "all" does
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  const cpu = process.cpuUsage()
  console.log(JSON.stringify({ seconds, cpu: (cpu.user + cpu.system) / 1e6 }))
  process.exit(0)
}
