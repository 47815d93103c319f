#include "server/token_file.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "model/sha256.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

std::string LineOf(const std::string& tenant, const std::string& token) {
  return absl::StrCat(tenant, " ", Sha256Hex(token), "\n");
}

TEST(TokenFileTest, ATokenSpeaksForTheTenantOfItsLine) {
  const std::string text =
      absl::StrCat("# who may ask\n\n", LineOf("red", "token-1"), "  ", LineOf("blue", "token-2"));
  ASSERT_OK_AND_ASSIGN(const TokenFile file, TokenFile::Parse(text, "tokens.txt"));
  EXPECT_EQ(file.size(), 2);
  EXPECT_EQ(file.TenantOf("token-1"), "red");
  EXPECT_EQ(file.TenantOf("token-2"), "blue");
}

TEST(TokenFileTest, WhatIsNoTokenSpeaksForNobody) {
  ASSERT_OK_AND_ASSIGN(const TokenFile file, TokenFile::Parse(LineOf("red", "token-1"), "f"));
  for (const std::string& token :
       {std::string(), std::string("token-"), std::string("token-11"), std::string("Token-1"),
        std::string("token-1\0", 8), Sha256Hex("token-1")}) {
    EXPECT_EQ(file.TenantOf(token), std::nullopt) << token;
  }
}

TEST(TokenFileTest, ATenantMayHaveSeveralTokens) {
  ASSERT_OK_AND_ASSIGN(
      const TokenFile file,
      TokenFile::Parse(absl::StrCat(LineOf("red", "old"), LineOf("red", "new")), "f"));
  EXPECT_EQ(file.TenantOf("old"), "red");
  EXPECT_EQ(file.TenantOf("new"), "red");
}

TEST(TokenFileTest, TabsCarriageReturnsAndUpperCaseDigitsAreFine) {
  const std::string upper = absl::AsciiStrToUpper(Sha256Hex("t"));
  ASSERT_OK_AND_ASSIGN(const TokenFile file,
                       TokenFile::Parse(absl::StrCat("red\t", upper, "\r\n"), "f"));
  EXPECT_EQ(file.TenantOf("t"), "red");
}

TEST(TokenFileTest, ALineThatIsWrongIsToldByNumberAndItsWordsAreNot) {
  const std::string good = LineOf("red", "t");
  for (const auto& [line, why] : std::vector<std::pair<std::string, std::string>>{
           {"secret", "expected TENANT and HASH"},
           {absl::StrCat("secret ", Sha256Hex("x"), " more"), "expected TENANT and HASH"},
           {absl::StrCat("sec/ret ", Sha256Hex("x")), "tenant"},
           {absl::StrCat(std::string(65, 'a'), " ", Sha256Hex("x")), "tenant"},
           {"red secret", "hash"},
           {absl::StrCat("red ", std::string(63, 'a')), "hash"},
           {absl::StrCat("red ", std::string(64, 'g')), "hash"},
           {absl::StrCat("blue ", Sha256Hex("t")), "same hash as on line 1"}}) {
    EXPECT_THAT(TokenFile::Parse(absl::StrCat(good, "#\n", line), "tokens.txt"),
                StatusIs(kInvalid, AllOf(HasSubstr("tokens.txt, line 3"), HasSubstr(why),
                                         Not(HasSubstr("secret")))))
        << line;
  }
}

TEST(TokenFileTest, AFileWithoutATokenIsRefusedBecauseNobodyCouldAsk) {
  for (const char* text : {"", "\n \n", "# nothing yet\n"}) {
    EXPECT_THAT(TokenFile::Parse(text, "tokens.txt"),
                StatusIs(kInvalid, AllOf(HasSubstr("tokens.txt"), HasSubstr("nobody"))));
  }
}

}  // namespace
}  // namespace assay
