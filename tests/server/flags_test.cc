#include "server/flags.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/option_table.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::StatusIs;

absl::StatusOr<ServerFlags> Parse(std::vector<const char*> args) {
  args.insert(args.begin(), "assay-server");
  return ParseServerFlags(static_cast<int>(args.size()), args.data());
}

// Sets an environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }

 private:
  const char* const name_;
};

TEST(ServerFlagsTest, WithoutFlagsTheDefaultsHold) {
  ASSERT_OK_AND_ASSIGN(const ServerFlags flags, Parse({}));
  EXPECT_EQ(flags.server.listen, "127.0.0.1:50051");
  EXPECT_EQ(flags.server.max_responses, 1024);
  EXPECT_EQ(flags.server.max_text_bytes, 1 << 20);
  EXPECT_EQ(flags.server.max_request_bytes, 64 << 20);
  EXPECT_EQ(flags.server.drain_timeout, absl::Seconds(30));
  EXPECT_EQ(flags.model.model, "armorm-mini");
  EXPECT_THAT(flags.answer, IsEmpty());
}

TEST(ServerFlagsTest, EveryFlagArrivesInItsField) {
  ASSERT_OK_AND_ASSIGN(const ServerFlags flags, Parse({"--listen",
                                                       "0.0.0.0:7",
                                                       "--insecure",
                                                       "--model",
                                                       "/m",
                                                       "--model-name",
                                                       "n",
                                                       "--device",
                                                       "cuda:0,cuda:1",
                                                       "--dtype",
                                                       "float32",
                                                       "--heads",
                                                       "reference",
                                                       "--chat-template",
                                                       "chatml",
                                                       "--cpu-threads",
                                                       "3",
                                                       "--deterministic",
                                                       "--encoder-threads",
                                                       "4",
                                                       "--max-batch-tokens",
                                                       "5",
                                                       "--max-queued-tokens",
                                                       "6",
                                                       "--max-responses",
                                                       "7",
                                                       "--max-messages",
                                                       "8",
                                                       "--max-text-bytes",
                                                       "9",
                                                       "--max-request-bytes",
                                                       "10000",
                                                       "--max-waiting-bytes",
                                                       "20000",
                                                       "--max-in-flight-per-stream",
                                                       "12",
                                                       "--log-level",
                                                       "debug",
                                                       "--drain-timeout",
                                                       "1.5"}));
  EXPECT_EQ(flags.server.listen, "0.0.0.0:7");
  EXPECT_TRUE(flags.server.insecure);
  EXPECT_EQ(flags.model.model, "/m");
  EXPECT_EQ(flags.model.name, "n");
  EXPECT_EQ(flags.model.device, "cuda:0,cuda:1");
  EXPECT_EQ(flags.model.dtype, "float32");
  EXPECT_EQ(flags.model.heads, "reference");
  EXPECT_EQ(flags.model.chat_template, "chatml");
  EXPECT_EQ(flags.model.cpu_threads, 3);
  EXPECT_TRUE(flags.model.deterministic);
  EXPECT_EQ(flags.server.encoder_threads, 4);
  EXPECT_EQ(flags.server.max_batch_tokens, 5);
  EXPECT_EQ(flags.server.max_queued_tokens, 6);
  EXPECT_EQ(flags.server.max_responses, 7);
  EXPECT_EQ(flags.server.max_messages, 8);
  EXPECT_EQ(flags.server.max_text_bytes, 9);
  EXPECT_EQ(flags.server.max_request_bytes, 10000);
  EXPECT_EQ(flags.server.max_waiting_bytes, 20000);
  EXPECT_EQ(flags.server.max_in_flight_per_stream, 12);
  EXPECT_EQ(flags.server.log_level, "debug");
  EXPECT_EQ(flags.server.drain_timeout, absl::Milliseconds(1500));
}

TEST(ServerFlagsTest, AVariableSetsAFlagAndTheCommandLineWins) {
  const Variable responses("ASSAY_MAX_RESPONSES", "77");
  const Variable device("ASSAY_DEVICE", "cpu");
  ASSERT_OK_AND_ASSIGN(const ServerFlags from_variables, Parse({}));
  EXPECT_EQ(from_variables.server.max_responses, 77);
  EXPECT_EQ(from_variables.model.device, "cpu");
  ASSERT_OK_AND_ASSIGN(const ServerFlags from_both, Parse({"--max-responses", "88"}));
  EXPECT_EQ(from_both.server.max_responses, 88);
}

// A configuration file for one test.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(absl::StrCat(::testing::TempDir(), "/flags_", getpid(), ".yaml")) {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  const char* path() const { return path_.c_str(); }

 private:
  const std::string path_;
};

// "value source" of an option.
std::string SettingOf(const ServerFlags& flags, const std::string& name) {
  for (const Setting& setting : flags.settings) {
    if (setting.name == name) return absl::StrCat(setting.value, " ", setting.source);
  }
  return "absent";
}

TEST(ServerFlagsTest, AFlagWinsOverAVariableAVariableOverTheFileTheFileOverTheDefault) {
  const ConfigFile file(
      "max_responses: 2\nmax_messages: 2\nworkers: 2\nself_test: no\nlame_duck: 2.5\n");
  const Variable responses("ASSAY_MAX_RESPONSES", "3");
  const Variable messages("ASSAY_MAX_MESSAGES", "3");
  const Variable insecure("ASSAY_INSECURE", "true");
  const Variable empty("ASSAY_WORKERS", "");
  ASSERT_OK_AND_ASSIGN(const ServerFlags flags,
                       Parse({"--config", file.path(), "--max-responses", "4"}));
  EXPECT_EQ(flags.server.max_responses, 4);
  EXPECT_EQ(flags.server.max_messages, 3);
  EXPECT_EQ(flags.model.workers, 2);
  EXPECT_EQ(flags.server.lame_duck, absl::Milliseconds(2500));
  EXPECT_TRUE(flags.server.insecure);
  EXPECT_FALSE(flags.server.self_test);
  EXPECT_EQ(SettingOf(flags, "max_responses"), "4 flag");
  EXPECT_EQ(SettingOf(flags, "max_messages"), "3 environment");
  EXPECT_EQ(SettingOf(flags, "workers"), "2 file");
  EXPECT_EQ(SettingOf(flags, "self_test"), "false file");
  EXPECT_EQ(SettingOf(flags, "max_text_bytes"), "1048576 default");
  EXPECT_EQ(flags.settings.size(), OptionTable().size());
}

TEST(ServerFlagsTest, AVariableNamesTheFileAndTheFlagAnother) {
  const ConfigFile file("workers: 2\n");
  {
    const Variable config("ASSAY_CONFIG", file.path());
    EXPECT_EQ(Parse({})->model.workers, 2);
  }
  const Variable config("ASSAY_CONFIG", "/no/such/file");
  EXPECT_THAT(Parse({}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/file")));
  EXPECT_EQ(Parse({"--config", file.path()})->model.workers, 2);
}

TEST(ServerFlagsTest, ABadValueIsRefusedByWhereItCameFrom) {
  const ConfigFile file("workers: 2\nmax_messages: 0\n");
  EXPECT_THAT(Parse({"--config", file.path()}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       absl::StrCat(file.path(), ":2: max_messages: 0 is not in 1..65536")));
  const Variable level("ASSAY_LOG_LEVEL", "loud");
  EXPECT_THAT(Parse({}), StatusIs(absl::StatusCode::kInvalidArgument,
                                  HasSubstr("ASSAY_LOG_LEVEL: \"loud\" is not one of debug")));
}

TEST(ServerFlagsTest, SwitchesTakeAValueOrStandAlone) {
  EXPECT_TRUE(Parse({"--insecure"})->server.insecure);
  EXPECT_FALSE(Parse({"--insecure=false"})->server.insecure);
  EXPECT_TRUE(Parse({"--deterministic=true"})->model.deterministic);
  EXPECT_FALSE(Parse({"--self-test=false"})->server.self_test);
  EXPECT_FALSE(Parse({"--self-test", "false"})->server.self_test);
  EXPECT_TRUE(Parse({"--self-test", "--insecure"})->server.self_test);
  EXPECT_FALSE(Parse({"--predict-deadlines=off"})->server.predict_deadlines);
  EXPECT_THAT(Parse({"--self-test=maybe"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--self-test")));
  EXPECT_THAT(Parse({"--insecure=maybe"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--insecure: \"maybe\"")));
}

TEST(ServerFlagsTest, TheConfigurationThatIsPrintedIsReadAgainAsItWas) {
  const Variable name("ASSAY_MODEL_NAME", "a \"name\": #1");
  ASSERT_OK_AND_ASSIGN(const ServerFlags printed,
                       Parse({"--print-config", "--insecure", "--drain-timeout", "0.1",
                              "--max-batch-tokens=5", "--self-test=false"}));
  const ConfigFile file(printed.answer);
  const Variable none("ASSAY_MODEL_NAME", "");
  ASSERT_OK_AND_ASSIGN(const ServerFlags read, Parse({"--config", file.path()}));
  ASSERT_EQ(read.settings.size(), printed.settings.size());
  for (size_t i = 0; i < read.settings.size(); ++i) {
    EXPECT_EQ(read.settings[i].name, printed.settings[i].name);
    EXPECT_EQ(read.settings[i].value, printed.settings[i].value);
    EXPECT_EQ(read.settings[i].source, "file");
  }
  EXPECT_EQ(read.model.name, "a \"name\": #1");
  EXPECT_EQ(read.server.drain_timeout, absl::Milliseconds(100));
}

TEST(ServerFlagsTest, AMisspeltVariableIsWarnedOfAndOthersAreLeftAlone) {
  const Variable typo("ASSAY_MAX_BATCH_TOKEN", "5");
  const Variable models("ASSAY_MODELS", "/m");
  const Variable gate("ASSAY_FAKE_GATE", "");
  const Variable other("ASSAY_SOMETHING_ELSE_ENTIRELY", "1");
  EXPECT_THAT(Parse({})->warnings,
              ElementsAre(AllOf(HasSubstr("ASSAY_MAX_BATCH_TOKEN "),
                                HasSubstr("did you mean ASSAY_MAX_BATCH_TOKENS?"))));
}

TEST(ServerFlagsTest, HelpNamesEveryOptionWithItsVariableItsDefaultAndItsRange) {
  const std::string help = Parse({"--help"})->answer;
  for (const Option& option : OptionTable()) {
    EXPECT_THAT(help, HasSubstr(FlagOf(option.name)));
    EXPECT_THAT(help, HasSubstr(VariableOf(option.name)));
  }
  for (const char* text : {"--config", "ASSAY_CONFIG", "--print-config", "[127.0.0.1:50051]",
                           "1024..1048576", "1..2592000, or 0", "one of none, failed, all"}) {
    EXPECT_THAT(help, HasSubstr(text));
  }
}

TEST(ServerFlagsTest, HelpNamesEveryFlagWithItsVariableAndGivesAnExample) {
  ASSERT_OK_AND_ASSIGN(const ServerFlags flags, Parse({"--help"}));
  for (const char* text : {"--listen",
                           "ASSAY_LISTEN",
                           "--model",
                           "--device",
                           "--dtype",
                           "--heads",
                           "--chat-template",
                           "--cpu-threads",
                           "--deterministic",
                           "ASSAY_DETERMINISTIC",
                           "--encoder-threads",
                           "--max-batch-tokens",
                           "--max-queued-tokens",
                           "--max-responses",
                           "--max-messages",
                           "--max-text-bytes",
                           "--max-request-bytes",
                           "--max-waiting-bytes",
                           "--max-in-flight-per-stream",
                           "ASSAY_MAX_IN_FLIGHT_PER_STREAM",
                           "--log-level",
                           "--drain-timeout",
                           "--insecure",
                           "Example:"}) {
    EXPECT_THAT(flags.answer, HasSubstr(text));
  }
  EXPECT_THAT(Parse({"--version"})->answer, HasSubstr("assay-server "));
}

TEST(ServerFlagsTest, WhatCannotBeMeantIsRefusedByName) {
  EXPECT_THAT(Parse({"--no-such-flag"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--no-such-flag")));
  EXPECT_THAT(Parse({"--max-responses", "many"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--max-responses")));
  EXPECT_THAT(Parse({"--dtype", "int4"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--dtype")));
  EXPECT_THAT(Parse({"--max-responses", "0"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("--max-responses: 0 is not in 1..65536")));
  EXPECT_THAT(Parse({"--drain-timeout", "1e300"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--drain-timeout")));
  EXPECT_THAT(Parse({"stray"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("stray")));
}

}  // namespace
}  // namespace assay
