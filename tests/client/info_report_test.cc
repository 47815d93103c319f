#include "client/info_report.h"

#include <string>

#include "gmock/gmock.h"

namespace assay::client {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

ModelInfo Busy() {
  ModelInfo model;
  model.name = "m";
  model.state = {.health = "serving",
                 .uptime = absl::Seconds(125),
                 .queued_tokens = 4000,
                 .queued_requests = 3,
                 .tokens_per_second = 1999.6,
                 .predicted_wait = absl::Seconds(2),
                 .workers = {{.device = "cuda:0",
                              .state = "running",
                              .since = absl::Milliseconds(400),
                              .batches = 1200},
                             {.device = "cuda:1", .state = "broken", .since = absl::Seconds(60)}}};
  model.settings = {{.name = "listen", .value = "0.0.0.0:1", .source = "file"},
                    {.name = "workers", .value = "2", .source = "default"}};
  return model;
}

TEST(InfoReportTest, TheLiveStateComesFirst) {
  const std::string text = InfoText(Busy(), "h:1", Settings::kChanged);
  EXPECT_THAT(text, ContainsRegex("state +serving, up 2 min 05 s\n"));
  EXPECT_THAT(text, ContainsRegex("queue +3 requests, 4,000 tokens, 2.0 s to wait\n"));
  EXPECT_THAT(text, ContainsRegex("speed +2,000 tokens/s, lately\n"));
  EXPECT_LT(text.find("state"), text.find("model"));
}

TEST(InfoReportTest, EveryWorkerHasItsRow) {
  const std::string text = InfoText(Busy(), "h:1", Settings::kChanged);
  EXPECT_THAT(text, ContainsRegex("cuda:0 +running +0.4 s +1,200\n"));
  EXPECT_THAT(text, ContainsRegex("cuda:1 +broken +1 min 00 s +0\n"));
}

TEST(InfoReportTest, AnIdleServerSaysThatNothingIsQueuedOrMeasured) {
  ModelInfo model = Busy();
  model.state.queued_requests = model.state.queued_tokens = 0;
  model.state.tokens_per_second = 0;
  const std::string text = InfoText(model, "h:1", Settings::kChanged);
  EXPECT_THAT(text, ContainsRegex("queue +empty\n"));
  EXPECT_THAT(text, ContainsRegex("speed +not measured yet\n"));
}

TEST(InfoReportTest, AServerThatDoesNotTellItsStateIsSaidToAnswer) {
  ModelInfo model;
  model.counters.queued_tokens = 7;
  const std::string text = InfoText(model, "h:1", Settings::kAll);
  EXPECT_THAT(text, ContainsRegex("state +answering\n"));
  EXPECT_THAT(text, ContainsRegex("queue +7 tokens\n"));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("worker")), Not(HasSubstr("setting"))));
}

TEST(InfoReportTest, SettingsAreThoseThatSomeoneSetOrAll) {
  EXPECT_THAT(InfoText(Busy(), "h:1", Settings::kChanged),
              AllOf(ContainsRegex("listen +0.0.0.0:1 +file\n"), Not(HasSubstr("workers "))));
  EXPECT_THAT(InfoText(Busy(), "h:1", Settings::kAll), ContainsRegex("workers +2 +default\n"));
}

TEST(InfoReportTest, TheJsonHasStateWorkersAndAllSettings) {
  const Json json = InfoJson(Busy(), "h:1");
  EXPECT_EQ(json["address"], "h:1");
  const Json& state = json["state"];
  EXPECT_EQ(state["health"], "serving");
  EXPECT_EQ(state["uptime_ns"], 125'000'000'000);
  EXPECT_EQ(state["queued_tokens"], 4000);
  EXPECT_EQ(state["queued_requests"], 3);
  EXPECT_EQ(state["tokens_per_second"], 1999.6);
  EXPECT_EQ(state["predicted_wait_ns"], 2'000'000'000);
  ASSERT_EQ(state["workers"].size(), 2);
  EXPECT_EQ(state["workers"][0], Json({{"device", "cuda:0"},
                                       {"state", "running"},
                                       {"since_ns", 400'000'000},
                                       {"batches", 1200}}));
  ASSERT_EQ(json["settings"].size(), 2);
  EXPECT_EQ(json["settings"][1],
            Json({{"name", "workers"}, {"value", "2"}, {"source", "default"}}));
}

}  // namespace
}  // namespace assay::client
