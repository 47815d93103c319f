#include "server/flags.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

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
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("max_responses")));
  EXPECT_THAT(Parse({"--drain-timeout", "1e300"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("drain_timeout")));
  EXPECT_THAT(Parse({"stray"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("stray")));
}

}  // namespace
}  // namespace assay
