#include "server/call_metadata.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "model/sha256.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::StatusIs;

using Pairs = std::vector<MetadataPair>;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr char kTrace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

absl::StatusOr<CallContext> Read(const Pairs& pairs, const TokenFile* tokens = nullptr) {
  return ReadCallMetadata(pairs, tokens);
}

TokenFile Tokens() {
  return *TokenFile::Parse(absl::StrCat("red ", Sha256Hex("r"), "\nblue ", Sha256Hex("b"), "\n"),
                           "f");
}

TEST(CallMetadataTest, ACallThatSaysNothingIsTheDefaultTenantsAndInteractive) {
  ASSERT_OK_AND_ASSIGN(const CallContext first, Read({}));
  EXPECT_EQ(first.tenant, "default");
  EXPECT_EQ(first.priority, Priority::kInteractive);
  EXPECT_EQ(first.trace_id, "");
  EXPECT_EQ(first.deadline, absl::InfiniteFuture());
  EXPECT_THAT(first.request_id, MatchesRegex("[0-9a-f]{32}"));
  ASSERT_OK_AND_ASSIGN(const CallContext second, Read({}));
  EXPECT_NE(first.request_id, second.request_id);
}

TEST(CallMetadataTest, WhatACallSaysIsInItsContext) {
  ASSERT_OK_AND_ASSIGN(const CallContext context, Read({{"user-agent", "x"},
                                                        {"assay-tenant", "Team_1.a-b"},
                                                        {"assay-priority", "bulk"},
                                                        {"x-request-id", "my request #1"},
                                                        {"traceparent", kTrace}}));
  EXPECT_EQ(context.tenant, "Team_1.a-b");
  EXPECT_EQ(context.priority, Priority::kBulk);
  EXPECT_EQ(context.request_id, "my request #1");
  EXPECT_EQ(context.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context.span_id, "00f067aa0ba902b7");
  ASSERT_OK_AND_ASSIGN(const CallContext other, Read({{"assay-priority", "interactive"}}));
  EXPECT_EQ(other.priority, Priority::kInteractive);
}

TEST(CallMetadataTest, AValueThatBreaksItsRuleIsRefusedByNameAndNotRepeated) {
  const std::string long_name(65, 'x');
  const std::string long_id(129, 'x');
  for (const auto& [name, value] : Pairs{{"assay-tenant", ""},
                                         {"assay-tenant", "needle needle"},
                                         {"assay-tenant", "needle\n"},
                                         {"assay-tenant", long_name},
                                         {"assay-priority", "needle"},
                                         {"assay-priority", "Bulk"},
                                         {"assay-priority", ""},
                                         {"x-request-id", ""},
                                         {"x-request-id", "needle\x7f"},
                                         {"x-request-id", "needle\xc3\xa9"},
                                         {"x-request-id", long_id}}) {
    EXPECT_THAT(Read({{name, value}}),
                StatusIs(kInvalid, AllOf(HasSubstr(std::string(name)), Not(HasSubstr("needle")))))
        << value;
  }
  EXPECT_OK(Read({{"assay-tenant", absl::string_view(long_name).substr(1)},
                  {"x-request-id", absl::string_view(long_id).substr(1)}}));
}

TEST(CallMetadataTest, ANameThatComesTwiceIsRefused) {
  const TokenFile tokens = Tokens();
  for (const auto& [name, value] : Pairs{{"assay-tenant", "red"},
                                         {"assay-priority", "bulk"},
                                         {"x-request-id", "1"},
                                         {"authorization", "Bearer r"}}) {
    EXPECT_THAT(Read({{"authorization", "Bearer r"}, {name, value}, {name, value}}, &tokens),
                StatusIs(kInvalid, AllOf(HasSubstr(std::string(name)), HasSubstr("twice"))));
  }
}

TEST(CallMetadataTest, ATokenSpeaksForItsTenantAndForNoOther) {
  const TokenFile tokens = Tokens();
  ASSERT_OK_AND_ASSIGN(CallContext context, Read({{"authorization", "Bearer r"}}, &tokens));
  EXPECT_EQ(context.tenant, "red");
  ASSERT_OK_AND_ASSIGN(context,
                       Read({{"authorization", "bearer b"}, {"assay-tenant", "blue"}}, &tokens));
  EXPECT_EQ(context.tenant, "blue");
  EXPECT_THAT(Read({{"authorization", "Bearer r"}, {"assay-tenant", "blue"}}, &tokens),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("assay-tenant")));
}

TEST(CallMetadataTest, ACallWithoutAKnownTokenIsUnauthenticatedWhateverElseIsWrong) {
  const TokenFile tokens = Tokens();
  for (const char* value : {"", "Bearer", "Bearer ", "Bearer needle", "r", "Basic r", "Bearer  r",
                            "Bearer r ", "BearerXr"}) {
    EXPECT_THAT(Read({{"authorization", value}, {"assay-tenant", "/"}}, &tokens),
                StatusIs(absl::StatusCode::kUnauthenticated,
                         AllOf(HasSubstr("authorization"), Not(HasSubstr("needle")))))
        << value;
  }
  EXPECT_THAT(Read({{"assay-tenant", "red"}}, &tokens),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("Bearer TOKEN")));
}

TEST(CallMetadataTest, WithoutTokensNobodyLooksAtOne) {
  EXPECT_OK(Read({{"authorization", "Basic nonsense"}}));
}

TEST(CallMetadataTest, ATraceparentThatBreaksTheRulesIsIgnored) {
  const std::string good = kTrace;
  const auto with = [&](size_t at, const std::string& text) {
    return std::string(good).replace(at, text.size(), text);
  };
  for (const std::string& bad :
       {std::string(), good.substr(1), good + "-", good + "0", with(0, "ff"), with(0, "0g"),
        with(2, "_"), with(35, "_"), with(52, "_"), with(3, "4BF9"), with(3, std::string(32, '0')),
        with(36, std::string(16, '0')), with(53, "0x"), with(40, "g"), with(0, "01") + "0"}) {
    ASSERT_OK_AND_ASSIGN(const CallContext context, Read({{"traceparent", bad}}));
    EXPECT_EQ(context.trace_id, "") << bad;
    EXPECT_EQ(context.span_id, "") << bad;
  }
  ASSERT_OK_AND_ASSIGN(const CallContext twice,
                       Read({{"traceparent", kTrace}, {"traceparent", kTrace}}));
  EXPECT_EQ(twice.trace_id, "");
}

TEST(CallMetadataTest, ATraceparentOfALaterVersionIsReadAsFarAsItIsKnown) {
  const std::string later = std::string("cc") + (kTrace + 2);
  for (const std::string& value : {later, later + "-what-is-to-come"}) {
    ASSERT_OK_AND_ASSIGN(const CallContext context, Read({{"traceparent", value}}));
    EXPECT_EQ(context.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  }
}

}  // namespace
}  // namespace assay
