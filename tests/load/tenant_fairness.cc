// tests/load/tenant_fairness.cc
// One tenant queues 100,000 conversations; another asks for single ones meanwhile, each of which
// must not wait for its turn longer than two batches take.
// Exit codes: 0 every bar holds; 1 one does not; 2 bad usage, or no server.
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/mutex.h"
#include "client/figures.h"
#include "client/latency_samples.h"
#include "client/load_report.h"
#include "client/wire.h"
#include "tests/load/checked_request.h"
#include "tests/load/server_process.h"
#include "tests/load/verdict.h"

namespace assay::testing {
namespace {

using client::Count;
using client::Latency;

struct Flags {
  int64_t items = 100'000;
  int64_t singles = 30;
  double tokens_per_second = 100'000;
  int64_t batch_tokens = 4096;
  double batches_bar = 2;
  double slack_ms = 10;
  std::vector<std::string> server_flags;
  bool outcomes_only = false;
};

constexpr int64_t kItemsPerCall = 100;
constexpr RequestSize kBulk = {.prompt_bytes = 4, .responses = kItemsPerCall, .response_bytes = 8};
constexpr RequestSize kSingle = {.prompt_bytes = 20, .responses = 1, .response_bytes = 20};
constexpr int64_t kFirstSingle = int64_t{1} << 40;

struct Call {
  grpc::ClientContext context;
  v1::ScoreRequest request;
  v1::ScoreResponse response;

  Call(int64_t index, const RequestSize& size, const char* tenant, const char* priority)
      : request(*client::ToWire(CheckedRequest(index, size))) {
    context.AddMetadata("assay-tenant", tenant);
    context.AddMetadata("assay-priority", priority);
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Minutes(10)));
  }
};

// The calls of the tenant with much to do, all made at once.
class BulkTenant {
 public:
  BulkTenant(v1::RewardService::Stub* stub, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      calls_.push_back(std::make_unique<Call>(i, kBulk, "bulk-tenant", "bulk"));
    }
    for (const auto& call : calls_) {
      stub->async()->Score(&call->context, &call->request, &call->response,
                           [this, call = call.get()](const grpc::Status& status) {
                             const bool right =
                                 status.ok() && AllRight(call->request, call->response);
                             MutexLock lock(&mu_);
                             ++answered_;
                             if (right) ++right_;
                             changed_.notify_all();
                           });
    }
  }

  int64_t answered() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return answered_;
  }
  // Blocks until that many calls are answered; how many of all answered so far are right.
  int64_t Await(int64_t count) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    while (answered_ < count) changed_.wait(mu_);
    return right_;
  }

 private:
  std::vector<std::unique_ptr<Call>> calls_;
  mutable Mutex mu_;
  CondVar changed_;
  int64_t answered_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t right_ ABSL_GUARDED_BY(mu_) = 0;
};

int Run(const Flags& flags) {
  std::vector<std::string> server_flags = {"--max-queued-tokens=100000000",
                                           "--max-calls-per-connection=65536",
                                           absl::StrCat("--max-batch-tokens=", flags.batch_tokens)};
  server_flags.insert(server_flags.end(), flags.server_flags.begin(), flags.server_flags.end());
  const auto server = ServerProcess::Start(
      {.flags = server_flags,
       .environment = {absl::StrCat("ASSAY_FAKE_TOKENS_PER_SECOND=", flags.tokens_per_second)}});
  if (!server.ok()) return CannotRun("tenant_fairness", server.status());
  const auto stub = v1::RewardService::NewStub(
      grpc::CreateChannel((*server)->address(), grpc::InsecureChannelCredentials()));

  const int64_t calls = flags.items / kItemsPerCall;
  BulkTenant bulk(stub.get(), calls);
  // By then the first of them are through the encoder and the rest is queued or about to be.
  bulk.Await(1);
  client::LatencySamples queued;
  client::LatencySamples whole;
  int64_t wrong = 0;
  int64_t in_the_thick = 0;
  for (int64_t i = 0; i < flags.singles; ++i) {
    Call call(kFirstSingle + i, kSingle, "other-tenant", "interactive");
    const absl::Time sent = absl::Now();
    const grpc::Status status = stub->Score(&call.context, call.request, &call.response);
    whole.Add(absl::Now() - sent);
    if (!status.ok() || !AllRight(call.request, call.response)) ++wrong;
    // Waiting for an encoder is waiting, too.
    queued.Add(absl::Nanoseconds(call.response.times().wait_encode_ns() +
                                 call.response.times().queue_ns()));
    if (bulk.answered() < calls) ++in_the_thick;
  }
  std::cerr << "singles answered; " << Count(bulk.answered()) << " of " << Count(calls)
            << " bulk calls are\n";
  const int64_t bulk_right = bulk.Await(calls);
  (*server)->Signal(SIGTERM);
  const int exit_code = (*server)->Wait();

  const absl::Duration batch =
      absl::Seconds(static_cast<double>(flags.batch_tokens) / flags.tokens_per_second);
  const absl::Duration bar = batch * flags.batches_bar + absl::Milliseconds(flags.slack_ms);
  Verdict verdict(absl::StrCat("tenant_fairness: ", Count(flags.items), " items queued by one, ",
                               flags.singles, " single requests of another"),
                  flags.outcomes_only ? TimeBars::kTell : TimeBars::kHold);
  verdict.Tell("a batch takes", Latency(batch));
  verdict.Tell("singles' whole latency, p50 / max",
               absl::StrCat(Latency(whole.Percentile(50)), " / ", Latency(whole.Percentile(100))));
  verdict.Outcome("wrong or failed singles", Count(wrong), "0", wrong == 0);
  verdict.Outcome("bulk calls with all scores right", Count(bulk_right), Count(calls),
                  bulk_right == calls);
  verdict.Outcome("server's exit code after SIGTERM", absl::StrCat(exit_code), "0", exit_code == 0);
  verdict.Measure("singles answered while bulk was queued", Count(in_the_thick),
                  Count(flags.singles), in_the_thick == flags.singles);
  verdict.Measure(
      "singles' wait for their turn, p50 / max",
      absl::StrCat(Latency(queued.Percentile(50)), " / ", Latency(queued.Percentile(100))),
      absl::StrFormat("max under %.1f batches and %.0f ms: %s", flags.batches_bar, flags.slack_ms,
                      Latency(bar)),
      queued.Percentile(100) <= bar);
  return verdict.Print();
}

}  // namespace
}  // namespace assay::testing

int main(int argc, char** argv) {
  CLI::App app("One tenant's queue, and another's single requests.", "tenant_fairness");
  assay::testing::Flags flags;
  app.add_option("--items", flags.items, "Conversations of the bulk tenant, in calls of 100")
      ->check(CLI::Range(int64_t{100}, int64_t{1} << 30))
      ->option_text("N [100000]");
  app.add_option("--singles", flags.singles, "Requests of the other, one after another")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20))
      ->option_text("N [30]");
  app.add_option("--tokens-per-second", flags.tokens_per_second, "Of the fake device")
      ->check(CLI::Range(1.0, 1e9))
      ->option_text("N [100000]");
  app.add_option("--batch-tokens", flags.batch_tokens, "The server's --max-batch-tokens")
      ->check(CLI::Range(int64_t{1024}, int64_t{1} << 24))
      ->option_text("N [4096]");
  app.add_option("--batches-bar", flags.batches_bar, "Longest wait, in batches")
      ->option_text("N [2]");
  app.add_option("--slack", flags.slack_ms, "Added to that, milliseconds")->option_text("N [10]");
  app.add_option("--server-flag", flags.server_flags, "Passed on to the server")
      ->option_text("FLAG ...");
  app.add_flag("--outcomes-only", flags.outcomes_only, "Tell time, hold only outcomes");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return assay::testing::Run(flags);
}
