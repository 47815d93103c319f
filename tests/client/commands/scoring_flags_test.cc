#include "client/commands/scoring_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <string>

namespace assay::client {
namespace {

using ::testing::HasSubstr;

class ScoringFlagsTest : public ::testing::Test {
 protected:
  ScoringFlagsTest() {
    AddAddressFlag(&app_, &flags_.address);
    AddScoringFlags(&app_, &flags_);
  }
  ~ScoringFlagsTest() override {
    for (const char* name : {"ASSAY_ADDRESS", "ASSAY_IN_FLIGHT", "ASSAY_TIMEOUT"}) unsetenv(name);
  }

  CLI::App app_;
  ScoringFlags flags_;
};

TEST_F(ScoringFlagsTest, EveryFlagReachesItsField) {
  app_.parse(
      "--address h:1 --detail objectives --truncation keep-end --max-tokens 9 --in-flight 3 "
      "--timeout 1.5");
  EXPECT_EQ(flags_.address, "h:1");
  EXPECT_EQ(flags_.in_flight, 3);
  EXPECT_EQ(flags_.timeout, absl::Milliseconds(1500));
  const ScoreRequest request = flags_.Request("rev");
  EXPECT_EQ(request.detail, Detail::kObjectives);
  EXPECT_EQ(request.truncation, Truncation::kKeepEnd);
  EXPECT_EQ(request.max_tokens, 9);
  EXPECT_EQ(request.model_revision, "rev");
}

TEST_F(ScoringFlagsTest, AffinityIsNoneUnlessPromptIsSaid) {
  Affinity affinity = Affinity::kNone;
  AddAffinityFlag(&app_, &affinity);
  app_.parse("--affinity prompt");
  EXPECT_EQ(affinity, Affinity::kPrompt);
  app_.parse("--affinity none");
  EXPECT_EQ(affinity, Affinity::kNone);
  EXPECT_THROW(app_.parse("--affinity prefix"), CLI::ParseError);
  EXPECT_THAT(app_.help(), HasSubstr("{none,prompt} [none]"));
}

TEST_F(ScoringFlagsTest, TheEnvironmentGivesWhatNoFlagDoes) {
  setenv("ASSAY_ADDRESS", "env:1", 1);
  setenv("ASSAY_IN_FLIGHT", "7", 1);
  setenv("ASSAY_TIMEOUT", "8", 1);
  app_.parse("--in-flight 5");
  EXPECT_EQ(flags_.address, "env:1");
  EXPECT_EQ(flags_.in_flight, 5);
  EXPECT_EQ(flags_.timeout, absl::Seconds(8));
}

TEST_F(ScoringFlagsTest, ValuesOutOfRangeAreBadUsage) {
  for (const char* bad : {"--in-flight 0", "--in-flight 65537", "--timeout 0", "--timeout nan",
                          "--max-tokens -1", "--detail all", "--truncation yes"}) {
    CLI::App app;
    ScoringFlags flags;
    AddScoringFlags(&app, &flags);
    EXPECT_THROW(app.parse(bad), CLI::ParseError) << bad;
  }
}

TEST_F(ScoringFlagsTest, TheHelpTellsChoicesAndDefaultsAsTheCommandSetThem) {
  EXPECT_THAT(app_.help(), HasSubstr("--detail {objectives,score} [score]"));
  EXPECT_THAT(app_.help(), HasSubstr("--address HOST:PORT,... [127.0.0.1:50051]"));
  CLI::App other;
  ScoringFlags flags = {.detail = Detail::kObjectives};
  AddScoringFlags(&other, &flags);
  EXPECT_THAT(other.help(), HasSubstr("--detail {objectives,score} [objectives]"));
}

// The help names defaults in words; they must be the ones that hold.
TEST_F(ScoringFlagsTest, TheDefaultsInTheHelpAreTheDefaultsInTheCode) {
  EXPECT_EQ(flags_.in_flight, 64);
  EXPECT_EQ(flags_.timeout, absl::Seconds(300));
  EXPECT_EQ(flags_.max_tokens, 0);
  EXPECT_THAT(app_.help(), HasSubstr("--in-flight N [64]"));
  EXPECT_THAT(app_.help(), HasSubstr("--timeout SECONDS [300]"));
}

TEST_F(ScoringFlagsTest, TheFormatIsTextUnlessJsonIsAskedFor) {
  for (const auto& [line, expected] :
       {std::pair{"", false}, {"--format table", false}, {"--format json", true}}) {
    CLI::App app;
    bool json = false;
    AddFormatFlag(&app, "table", &json);
    app.parse(line);
    EXPECT_EQ(json, expected) << line;
  }
  CLI::App app;
  bool json = false;
  AddFormatFlag(&app, "table", &json);
  EXPECT_THROW(app.parse("--format text"), CLI::ValidationError);
}

}  // namespace
}  // namespace assay::client
