#include "client/commands/bench.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "base/retry_after.h"
#include "client/json_row.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::RefusingPort;
using ::assay::testing::TempFile;
using ::testing::HasSubstr;

BenchFlags ShortRun(const std::string& address) {
  BenchFlags flags;
  flags.address = address;
  flags.load.rate = 100;
  flags.load.arrivals = ArrivalKind::kEven;
  flags.load.warm_up = absl::ZeroDuration();
  flags.load.duration = absl::Milliseconds(200);
  return flags;
}

struct Finished {
  int exit_code;
  std::string out;
  std::string err;
};

Finished RunHere(const BenchFlags& flags) {
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code = RunBench(flags, {.out = &out, .err = &err});
  return {exit_code, out.str(), err.str()};
}

TEST(BenchCommandTest, TheJsonCountsWhatTheServerAnswered) {
  FakeRewardService service;
  service.RefuseNext(4, WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Seconds(1)));
  BenchFlags flags = ShortRun(service.address());
  flags.json = true;
  flags.connections = 3;
  const Finished finished = RunHere(flags);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const Json json = Json::parse(finished.out);
  EXPECT_EQ(json["sent"], 20);
  EXPECT_EQ(json["ok"], 16);
  EXPECT_EQ(json["refused_with_wait"], 4);
  EXPECT_EQ(service.requests(), 20);
}

TEST(BenchCommandTest, ALoadOnSeveralServersIsSharedAndHedgedAsTheFlagsSay) {
  FakeRewardService hung;
  FakeRewardService well;
  BenchFlags flags;
  CLI::App app;
  AddBenchCommand(&app, &flags);
  app.parse("bench --address " + hung.address() + "," + well.address() +
            " --affinity prompt --hedge-after 0.01 --format json --warm-up 0 --duration 0.2"
            " --rate 100 --arrivals even");
  EXPECT_EQ(flags.affinity, Affinity::kPrompt);
  flags.hedge.max_share = 1;
  hung.GoSilent();
  const Finished finished = RunHere(flags);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const Json json = Json::parse(finished.out);
  EXPECT_EQ(json["sent"], 20);
  EXPECT_EQ(json["ok"], 20);
  EXPECT_EQ(well.requests(), 20);
}

TEST(BenchCommandTest, RowsOfAFileAreSentInTurn) {
  FakeRewardService service;
  service.Refuse("bad", absl::InvalidArgumentError("responses[0]"));
  BenchFlags flags = ShortRun(service.address());
  flags.data = TempFile("bench.jsonl", R"({"prompt": "p", "responses": ["good"]}
{"prompt": "p", "responses": ["bad"]}
)");
  const Finished finished = RunHere(flags);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("INVALID_ARGUMENT"));
  EXPECT_THAT(finished.out, HasSubstr("50.0"));
}

TEST(BenchCommandTest, WithoutAnAnswerTheExitCodeIsOneAndTheTableSaysWhy) {
  FakeRewardService service;
  service.RefuseNext(1 << 20, absl::UnavailableError("stopping"));
  const Finished finished = RunHere(ShortRun(service.address()));
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.out, HasSubstr("UNAVAILABLE"));
  EXPECT_THAT(finished.err, HasSubstr("no request was answered"));
}

TEST(BenchCommandTest, AServerThatIsNotThereIsExitOneAndNothingOnStandardOutput) {
  const RefusingPort gone;
  const Finished finished = RunHere(ShortRun(gone.address()));
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(finished.err, HasSubstr(gone.address()));
}

TEST(BenchCommandTest, FlagsReachTheCommand) {
  CLI::App app;
  BenchFlags flags;
  AddBenchCommand(&app, &flags);
  app.parse(
      "bench --address h:2 --rate 7.5 --arrivals even --duration 3 --warm-up 0 --deadline 0.5 "
      "--connections 4 --responses 5 --prompt-bytes 6 --response-bytes 8 --seed 9 --format json");
  EXPECT_EQ(flags.address, "h:2");
  EXPECT_EQ(flags.load.rate, 7.5);
  EXPECT_EQ(flags.load.arrivals, ArrivalKind::kEven);
  EXPECT_EQ(flags.load.duration, absl::Seconds(3));
  EXPECT_EQ(flags.load.warm_up, absl::ZeroDuration());
  EXPECT_EQ(flags.load.deadline, absl::Milliseconds(500));
  EXPECT_EQ(flags.load.seed, 9);
  EXPECT_EQ(flags.texts.seed, 9);
  EXPECT_EQ(flags.texts.responses, 5);
  EXPECT_EQ(flags.texts.prompt_bytes, 6);
  EXPECT_EQ(flags.texts.response_bytes, 8);
  EXPECT_EQ(flags.connections, 4);
  EXPECT_TRUE(flags.json);
}

TEST(BenchCommandTest, ARateAndAConcurrencyContradictEachOther) {
  CLI::App app;
  BenchFlags flags;
  AddBenchCommand(&app, &flags);
  EXPECT_THROW(app.parse("bench --rate 5 --concurrency 2"), CLI::ParseError);
}

}  // namespace
}  // namespace assay::client
