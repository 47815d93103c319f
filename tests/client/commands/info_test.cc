#include "client/commands/info.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "client/json_row.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::RefusingPort;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(InfoCommandTest, TheTextNamesTheModelItsObjectivesAndItsState) {
  FakeRewardService service({"helpful", "harmless"});
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(RunInfo({.address = service.address()}, {.out = &out, .err = &err}), 0);
  for (const char* part : {"fake-revision-0123456789", "helpful, harmless", "4,096 tokens",
                           "unhealthy", "stuck", "float32"}) {
    EXPECT_THAT(out.str(), HasSubstr(part));
  }
}

TEST(InfoCommandTest, AScalarModelSaysThatItHasOneHead) {
  FakeRewardService service(std::vector<std::string>{});
  std::ostringstream out;
  EXPECT_EQ(RunInfo({.address = service.address()}, {.out = &out, .err = &out}), 0);
  EXPECT_THAT(out.str(), HasSubstr("one scalar head"));
}

TEST(InfoCommandTest, SettingsShowsTheDefaultsToo) {
  FakeRewardService service;
  std::ostringstream changed;
  EXPECT_EQ(RunInfo({.address = service.address()}, {.out = &changed, .err = &changed}), 0);
  EXPECT_THAT(changed.str(), AllOf(HasSubstr("max_messages"), Not(HasSubstr("lame_duck"))));
  std::ostringstream all;
  EXPECT_EQ(
      RunInfo({.address = service.address(), .all_settings = true}, {.out = &all, .err = &all}), 0);
  EXPECT_THAT(all.str(), AllOf(HasSubstr("max_messages"), HasSubstr("lame_duck")));
}

TEST(InfoCommandTest, TheJsonHasEveryGroupOfFields) {
  FakeRewardService service;
  std::ostringstream out;
  EXPECT_EQ(RunInfo({.address = service.address(), .json = true}, {.out = &out, .err = &out}), 0);
  const Json json = Json::parse(out.str());
  EXPECT_EQ(json["name"], "fake");
  EXPECT_EQ(json["limits"]["max_tokens"], 4096);
  EXPECT_EQ(json["limits"].size(), 8);
  EXPECT_EQ(json["counters"]["requests"], 0);
  EXPECT_EQ(json["counters"].size(), 12);
  EXPECT_EQ(json["state"]["health"], "unhealthy");
  EXPECT_EQ(json["state"]["workers"][0]["state"], "stuck");
  EXPECT_EQ(json["settings"].size(), 2);
}

TEST(InfoCommandTest, TheErrorOfTheDtypeIsToldWhereItWasMeasured) {
  FakeRewardService service;
  std::ostringstream unknown;
  EXPECT_EQ(RunInfo({.address = service.address()}, {.out = &unknown, .err = &unknown}), 0);
  EXPECT_THAT(unknown.str(), HasSubstr("not measured"));
  service.SetMarginError(0.25);
  std::ostringstream known;
  EXPECT_EQ(RunInfo({.address = service.address()}, {.out = &known, .err = &known}), 0);
  for (const char* part : {"99 of 100 within 0.125", "99 of 100 within 0.25, all within 0.5",
                           "(200 measured)", "A Fast One\n", "pairs.jsonl\n"}) {
    EXPECT_THAT(known.str(), HasSubstr(part));
  }
}

TEST(InfoCommandTest, TheJsonHasTheErrorOrNull) {
  FakeRewardService service;
  const auto error = [&service] {
    std::ostringstream out;
    EXPECT_EQ(RunInfo({.address = service.address(), .json = true}, {.out = &out, .err = &out}), 0);
    return Json::parse(out.str())["score_error"];
  };
  EXPECT_TRUE(error().is_null());
  service.SetMarginError(0.25);
  EXPECT_EQ(error()["margin"]["percentile_99"], 0.25);
  EXPECT_EQ(error()["margin"]["n"], 200);
  EXPECT_EQ(error()["score"]["percentile_99"], 0.125);
  EXPECT_EQ(error()["data"], Json({"pairs.jsonl"}));
  EXPECT_EQ(error()["measured_on"], "A Fast One");
}

TEST(InfoCommandTest, AServerThatIsNotThereIsExitOneAndNothingOnStandardOutput) {
  const RefusingPort gone;
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(RunInfo({.address = gone.address()}, {.out = &out, .err = &err}), 1);
  EXPECT_EQ(out.str(), "");
  EXPECT_THAT(err.str(), HasSubstr(gone.address()));
}

TEST(InfoCommandTest, FlagsReachTheCommand) {
  CLI::App app;
  InfoFlags flags;
  AddInfoCommand(&app, &flags);
  app.parse("info --address h:2 --format json --settings");
  EXPECT_EQ(flags.address, "h:2");
  EXPECT_TRUE(flags.all_settings);
  EXPECT_TRUE(flags.json);
}

}  // namespace
}  // namespace assay::client
