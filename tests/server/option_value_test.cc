#include "server/option_value.h"

#include <string>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

absl::Status Set(const char* name, absl::string_view text, AllOptions* options) {
  return SetOption(*FindOption(name), text, options);
}

TEST(OptionValueTest, EachKindIsReadIntoItsField) {
  AllOptions options;
  EXPECT_OK(Set("listen", "127.0.0.1:7", &options));
  EXPECT_OK(Set("model_name", "n", &options));
  EXPECT_OK(Set("dtype", "int8", &options));
  EXPECT_OK(Set("max_responses", "7", &options));
  EXPECT_OK(Set("workers", "3", &options));
  EXPECT_OK(Set("lame_duck", "1.5", &options));
  EXPECT_OK(Set("insecure", "true", &options));
  EXPECT_OK(Set("deterministic", "on", &options));
  EXPECT_OK(Set("self_test", "No", &options));
  EXPECT_EQ(options.server.listen, "127.0.0.1:7");
  EXPECT_EQ(options.model.name, "n");
  EXPECT_EQ(options.model.dtype, "int8");
  EXPECT_EQ(options.server.max_responses, 7);
  EXPECT_EQ(options.model.workers, 3);
  EXPECT_EQ(options.server.lame_duck, absl::Milliseconds(1500));
  EXPECT_TRUE(options.server.insecure);
  EXPECT_TRUE(options.model.deterministic);
  EXPECT_FALSE(options.server.self_test);
}

TEST(OptionValueTest, EveryDefaultIsWrittenAsItIsRead) {
  const AllOptions defaults;
  AllOptions read;
  for (const Option& option : OptionTable()) {
    const std::string text = ValueOf(option, defaults);
    EXPECT_OK(SetOption(option, text, &read)) << option.name;
    EXPECT_EQ(ValueOf(option, read), text);
  }
}

TEST(OptionValueTest, BothEndsOfEveryRangeHoldAndNothingBeyond) {
  for (const Option& option : OptionTable()) {
    if (option.low == option.high) continue;
    AllOptions options;
    EXPECT_OK(SetOption(option, std::to_string(option.low), &options)) << option.name;
    EXPECT_OK(SetOption(option, std::to_string(option.high), &options)) << option.name;
    EXPECT_EQ(ValueOf(option, options), std::to_string(option.high));
    for (const int64_t beyond : {option.low - 1, option.high + 1}) {
      if (option.zero_too && beyond == 0) {
        EXPECT_OK(SetOption(option, "0", &options)) << option.name;
        continue;
      }
      const std::string before = ValueOf(option, options);
      EXPECT_THAT(SetOption(option, std::to_string(beyond), &options),
                  StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(RangeOf(option))))
          << option.name;
      EXPECT_EQ(ValueOf(option, options), before);
    }
  }
}

TEST(OptionValueTest, AnAgeOfZeroMeansNeverAndHalfASecondNothing) {
  AllOptions options;
  EXPECT_OK(Set("max_connection_age", "0", &options));
  EXPECT_THAT(Set("max_connection_age", "0.5", &options),
              StatusIs(absl::StatusCode::kInvalidArgument, "0.5 is not 0 or in 1..2592000"));
}

TEST(OptionValueTest, AValueOfAnotherKindIsRefused) {
  AllOptions options;
  for (const char* text : {"", "many", "1.5", "0x10", "99999999999999999999", "1 2"}) {
    EXPECT_THAT(Set("max_responses", text, &options),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no whole number")));
  }
  for (const char* text : {"", "soon", "nan", "5s"}) {
    EXPECT_THAT(Set("lame_duck", text, &options),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no number of seconds")));
  }
  for (const char* text : {"inf", "1e300", "-0.5"}) {
    EXPECT_THAT(Set("lame_duck", text, &options),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is not in 0..3600")));
  }
  for (const char* text : {"", "maybe", "2"}) {
    EXPECT_THAT(Set("insecure", text, &options),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("neither true nor false")));
  }
  EXPECT_THAT(Set("log_level", "loud", &options),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "\"loud\" is not one of debug, info, warning, error"));
}

TEST(OptionValueTest, ATextThatNoLineOrReplyCouldHoldIsRefused) {
  AllOptions options;
  EXPECT_THAT(Set("model", "a\nb", &options),
              StatusIs(absl::StatusCode::kInvalidArgument, "a control character at byte 1"));
  EXPECT_THAT(Set("model", absl::string_view("ab\0c", 4), &options),
              StatusIs(absl::StatusCode::kInvalidArgument, "a control character at byte 2"));
  EXPECT_THAT(Set("model_name", "\xFF", &options),
              StatusIs(absl::StatusCode::kInvalidArgument, "not UTF-8 at byte 0"));
  EXPECT_EQ(options.model.model, ModelOptions().model);
}

TEST(OptionValueTest, WhatCannotBeReadIsNotRepeated) {
  AllOptions options;
  EXPECT_THAT(Set("max_responses", "\x1b[31m", &options),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("the value"), Not(HasSubstr("\x1b")))));
}

TEST(OptionValueTest, SecondsKeepTheirFractionToTheMicrosecond) {
  AllOptions options;
  EXPECT_OK(Set("drain_timeout", "0.1", &options));
  EXPECT_EQ(ValueOf(*FindOption("drain_timeout"), options), "0.1");
  EXPECT_OK(Set("max_connection_age", "2591999.999999", &options));
  EXPECT_EQ(ValueOf(*FindOption("max_connection_age"), options), "2591999.999999");
}

TEST(OptionValueTest, ServerOptionsAreCheckedByTheTableWhoeverSetThem) {
  ServerOptions options;
  EXPECT_OK(CheckRanges(options));
  options.max_metadata_bytes = 7;
  EXPECT_THAT(CheckRanges(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                             "max_metadata_bytes: 7 is not in 1024..1048576"));
  options = {};
  options.stuck_after = absl::InfiniteDuration();
  EXPECT_THAT(CheckRanges(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("stuck_after: inf")));
}

}  // namespace
}  // namespace assay
