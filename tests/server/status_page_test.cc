#include "server/status_page.h"

#include <gmock/gmock.h>

#include "tests/testing/fake_scorer.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

StatusPageInput AnInput() {
  StatusPageInput input;
  input.state.uptime = absl::Hours(30);
  input.model = testing::FakeModelInfo();
  input.devices = {"cpu"};
  input.options.max_queued_tokens = 1000;
  input.refusals = {{"queue_full", 3}, {"invalid", 0}};
  input.deadline_misses = {{"reply", 2}};
  input.address = "127.0.0.1:50051";
  input.now = absl::FromUnixSeconds(1'800'000'000);
  return input;
}

TEST(StatusPageTest, ModelAndHashesAreThere) {
  const StatusPageInput input = AnInput();
  const std::string page = StatusPage(input);
  for (const std::string& fact :
       {input.model.name, input.model.architecture, input.model.revision, input.model.weights_hash,
        input.model.config_hash, input.model.tokenizer_hash, input.model.template_hash,
        input.model.dtype, input.address, std::string("1 d 6 h")}) {
    EXPECT_THAT(page, HasSubstr(fact));
  }
}

TEST(StatusPageTest, HealthIsToldInWordsAndColour) {
  StatusPageInput input = AnInput();
  EXPECT_THAT(StatusPage(input), HasSubstr("<span class=\"badge serving\">serving</span>"));
  input.state.health = Health::kUnhealthy;
  EXPECT_THAT(StatusPage(input), AllOf(HasSubstr("<span class=\"badge unhealthy\">unhealthy<"),
                                       HasSubstr("<title>unhealthy: fake</title>")));
}

TEST(StatusPageTest, TheQueueIsSetAgainstItsLimit) {
  StatusPageInput input = AnInput();
  input.state.pipeline.scheduler.queued_tokens = 250;
  input.state.pipeline.scheduler.predicted_wait = absl::Milliseconds(1500);
  EXPECT_THAT(StatusPage(input),
              AllOf(HasSubstr("250 <small>of 1,000 tokens"), HasSubstr("25 % of the limit"),
                    HasSubstr("1.50 s"), Not(HasSubstr("meter hot"))));
  input.state.pipeline.scheduler.queued_tokens = 900;
  EXPECT_THAT(StatusPage(input), HasSubstr("meter hot"));
}

TEST(StatusPageTest, EveryWorkerHasARow) {
  StatusPageInput input = AnInput();
  input.state.pipeline.scheduler.workers = {
      {.device = "cuda:0", .condition = WorkerCondition::kRunning, .since = absl::Seconds(2)},
      {.device = "cuda:1", .condition = WorkerCondition::kBroken, .batches = 12345}};
  EXPECT_THAT(StatusPage(input),
              AllOf(HasSubstr("cuda:0</td><td class=\"good\">running"),
                    HasSubstr("cuda:1</td><td class=\"bad\">broken"), HasSubstr("12,345")));
}

TEST(StatusPageTest, RefusalsAndMissesAreListedAndSettingsWhereThereAreAny) {
  StatusPageInput input = AnInput();
  EXPECT_THAT(StatusPage(input), AllOf(HasSubstr("queue_full"), HasSubstr("reply"),
                                       Not(HasSubstr("Settings in force"))));
  input.settings = {{"max_batch_tokens", "8192", "flag"}};
  EXPECT_THAT(StatusPage(input), AllOf(HasSubstr("Settings in force"),
                                       HasSubstr("max_batch_tokens"), HasSubstr("8192")));
}

TEST(StatusPageTest, NothingCanBreakOutOfItsPlace) {
  StatusPageInput input = AnInput();
  const std::string evil = "</title></style>\"'><script>alert(1)</script>";
  input.model = {.name = evil,
                 .revision = evil,
                 .weights_hash = evil,
                 .config_hash = evil,
                 .tokenizer_hash = evil,
                 .template_hash = evil,
                 .architecture = evil,
                 .objectives = {evil},
                 .chat_template = evil,
                 .dtype = evil,
                 .heads = evil,
                 .device = evil};
  input.state.pipeline.scheduler.workers = {{.device = evil}};
  input.batches = {{.device = evil, .record = {}}};
  input.refusals = {{evil, 1}};
  input.deadline_misses = {{evil, 1}};
  input.settings = {{evil, evil, evil}};
  input.address = evil;
  EXPECT_THAT(StatusPage(input), AllOf(Not(HasSubstr("<script")), Not(HasSubstr("\"'>"))));
}

TEST(StatusPageTest, NothingIsLoadedFromAnywhere) {
  StatusPageInput input = AnInput();
  input.batches = {{.device = "cpu", .record = {}}};
  const std::string page = StatusPage(input);
  for (const char* loads : {"src=", "url(", "@import", "<link", "<script", "http://", "https://"}) {
    EXPECT_THAT(page, Not(HasSubstr(loads)));
  }
}

}  // namespace
}  // namespace assay
