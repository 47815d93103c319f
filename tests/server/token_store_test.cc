#include "server/token_store.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "model/sha256.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::StatusIs;

class TokenStoreTest : public ::testing::Test {
 protected:
  ~TokenStoreTest() override { std::filesystem::remove(path_); }

  void Write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }
  void WriteToken(const std::string& token) { Write(absl::StrCat("red ", Sha256Hex(token), "\n")); }

  const std::string path_ = absl::StrCat(::testing::TempDir(), "/assay_tokens_", getpid());
};

TEST_F(TokenStoreTest, AChangedFileDecidesFromTheReloadOn) {
  WriteToken("old");
  ASSERT_OK_AND_ASSIGN(const auto store, TokenStore::Create(path_));
  WriteToken("new");
  EXPECT_EQ(store->Current()->TenantOf("old"), "red");
  EXPECT_OK(store->Reload());
  EXPECT_EQ(store->Current()->TenantOf("old"), std::nullopt);
  EXPECT_EQ(store->Current()->TenantOf("new"), "red");
}

TEST_F(TokenStoreTest, AFileThatDidNotChangeIsNotTakenOverAgain) {
  WriteToken("old");
  ASSERT_OK_AND_ASSIGN(const auto store, TokenStore::Create(path_));
  const auto before = store->Current();
  EXPECT_OK(store->Reload());
  EXPECT_EQ(store->Current(), before);
}

TEST_F(TokenStoreTest, ADamagedOrLostFileIsAnErrorAndChangesNothing) {
  WriteToken("old");
  ASSERT_OK_AND_ASSIGN(const auto store, TokenStore::Create(path_));
  Write("red nonsense\n");
  EXPECT_THAT(store->Reload(), StatusIs(absl::StatusCode::kInvalidArgument,
                                        AllOf(HasSubstr(path_), HasSubstr("line 1"))));
  Write("");
  EXPECT_THAT(store->Reload(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(path_)));
  std::filesystem::remove(path_);
  EXPECT_THAT(store->Reload(), StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
  EXPECT_EQ(store->Current()->TenantOf("old"), "red");
}

TEST_F(TokenStoreTest, AServerDoesNotBeginWithoutAGoodFile) {
  EXPECT_THAT(TokenStore::Create(path_),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("tokens"), HasSubstr(path_))));
  EXPECT_THAT(TokenStore::Create(::testing::TempDir()), StatusIs(absl::StatusCode::kNotFound));
  Write("nonsense");
  EXPECT_THAT(TokenStore::Create(path_), StatusIs(absl::StatusCode::kInvalidArgument));
  Write(std::string((16 << 20) + 1, '#'));
  EXPECT_THAT(TokenStore::Create(path_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("over 16777216 bytes")));
}

}  // namespace
}  // namespace assay
