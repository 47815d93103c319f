#include "server/reloaded_files.h"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "model/sha256.h"
#include "tests/testing/certificates.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::Certificates;
using testing::FakeClock;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

// Knows how often someone has begun to wait.
class WatchedClock : public FakeClock {
 public:
  using FakeClock::FakeClock;

  bool WaitUntil(Mutex& mu, CondVar& cv, absl::Time deadline) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    {
      MutexLock lock(&mu_);
      ++waits_;
      changed_.notify_all();
    }
    return FakeClock::WaitUntil(mu, cv, deadline);
  }
  void AwaitWaits(int64_t count) {
    MutexLock lock(&mu_);
    while (waits_ < count) changed_.wait(mu_);
  }

 private:
  Mutex mu_;
  CondVar changed_;
  int64_t waits_ ABSL_GUARDED_BY(mu_) = 0;
};

class ReloadedFilesTest : public ::testing::Test {
 protected:
  ReloadedFilesTest() {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
    options_.reload_interval = absl::Seconds(10);
  }
  ~ReloadedFilesTest() override {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(""));
  }

  void UseTokens(const std::string& token) {
    made_.Write("tokens", absl::StrCat("red ", Sha256Hex(token), "\n"));
    options_.tokens = made_.Path("tokens");
  }
  void UseTls(int days) {
    made_.MakeAuthority("ca");
    made_.Issue("ca", "server", days);
    options_.tls_certificate = made_.Path("server.pem");
    options_.tls_key = made_.Path("server.key");
  }
  // One look at the files, to its end: the thread that looks waits again.
  void Look(absl::Duration after = absl::Seconds(10)) {
    clock_.AwaitWaits(++looks_);
    clock_.AwaitWaiters(1);
    clock_.Advance(after);
    clock_.AwaitWaits(looks_ + 1);
  }
  // The log so far, and empties it. Not while the files are looked at.
  std::string TakeLog() {
    std::string text = log_.str();
    log_.str("");
    return text;
  }

  Certificates made_;
  std::ostringstream log_;
  WatchedClock clock_{absl::Now() + absl::Minutes(1)};  // After certificates are issued.
  int64_t looks_ = 0;
  ServerOptions options_;
};

TEST_F(ReloadedFilesTest, WithoutFilesThereAreNoTokens) {
  ASSERT_OK_AND_ASSIGN(const auto files, ReloadedFiles::Create(options_, &clock_));
  EXPECT_EQ(files->tokens(), nullptr);
  EXPECT_EQ(files->state().tokens_bad, std::nullopt);
  EXPECT_EQ(files->state().tls_bad, std::nullopt);
  EXPECT_EQ(files->state().certificate_good_until, std::nullopt);
}

TEST_F(ReloadedFilesTest, NewTokensAreTakenOverAfterTheInterval) {
  UseTokens("old");
  ASSERT_OK_AND_ASSIGN(const auto files, ReloadedFiles::Create(options_, &clock_));
  EXPECT_EQ(files->tokens()->Current()->TenantOf("old"), "red");
  UseTokens("new");
  Look();
  EXPECT_EQ(files->tokens()->Current()->TenantOf("old"), std::nullopt);
  EXPECT_EQ(files->tokens()->Current()->TenantOf("new"), "red");
}

TEST_F(ReloadedFilesTest, ADamagedFileOfTokensIsToldOnceAndTheOldOnesStay) {
  UseTokens("old");
  ASSERT_OK_AND_ASSIGN(const auto files, ReloadedFiles::Create(options_, &clock_));
  TakeLog();
  made_.Write("tokens", "needle");
  Look();
  const std::string log = TakeLog();
  EXPECT_THAT(log, HasSubstr("line 1"));
  EXPECT_THAT(log, Not(HasSubstr("needle")));
  Look();
  EXPECT_EQ(TakeLog(), "");
  EXPECT_EQ(files->tokens()->Current()->TenantOf("old"), "red");
  UseTokens("new");
  Look();
  EXPECT_EQ(files->tokens()->Current()->TenantOf("new"), "red");
}

TEST_F(ReloadedFilesTest, FilesThatAreWrongAtTheStartAreErrors) {
  options_.tokens = made_.Path("missing");
  EXPECT_THAT(ReloadedFiles::Create(options_, &clock_),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("tokens: ")));
  options_.tokens = "";
  options_.tls_certificate = made_.Path("missing");
  EXPECT_THAT(ReloadedFiles::Create(options_, &clock_),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("tls_certificate: ")));
}

TEST_F(ReloadedFilesTest, ACertificateThatRunsOutWithinTwoWeeksIsToldOnceADay) {
  UseTls(/*days=*/14);
  ASSERT_OK_AND_ASSIGN(const auto files, ReloadedFiles::Create(options_, &clock_));
  EXPECT_THAT(TakeLog(), HasSubstr("expires in 13 days"));
  Look();
  EXPECT_EQ(TakeLog(), "");
  Look(absl::Hours(24));
  EXPECT_THAT(TakeLog(), HasSubstr("expires in 12 days"));
}

TEST_F(ReloadedFilesTest, ACertificateGoodForLongIsNotSpokenOf) {
  UseTls(/*days=*/16);
  ASSERT_OK_AND_ASSIGN(const auto files, ReloadedFiles::Create(options_, &clock_));
  Look();
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(ReloadedFilesTest, ACertificateThatBecomesWrongIsToldOnce) {
  UseTls(/*days=*/16);
  ASSERT_OK_AND_ASSIGN(const auto files, ReloadedFiles::Create(options_, &clock_));
  made_.Write("server.key", "nonsense");
  Look();
  EXPECT_THAT(TakeLog(), HasSubstr("tls_key"));
  Look();
  EXPECT_EQ(TakeLog(), "");
  made_.Issue("ca", "server");
  Look();
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(ReloadedFilesTest, TheStateIsThatOfTheLastLook) {
  UseTokens("old");
  UseTls(/*days=*/16);
  ASSERT_OK_AND_ASSIGN(const auto files, ReloadedFiles::Create(options_, &clock_));
  EXPECT_EQ(files->state().tokens_bad, false);
  EXPECT_EQ(files->state().tls_bad, false);
  const std::optional<absl::Time> good_until = files->state().certificate_good_until;
  ASSERT_TRUE(good_until.has_value());
  EXPECT_GT(*good_until, clock_.Now() + absl::Hours(24 * 15));
  EXPECT_LT(*good_until, clock_.Now() + absl::Hours(24 * 17));

  made_.Write("tokens", "needle");
  made_.Write("server.key", "nonsense");
  Look();
  EXPECT_EQ(files->state().tokens_bad, true);
  EXPECT_EQ(files->state().tls_bad, true);
  EXPECT_EQ(files->state().certificate_good_until, good_until);

  UseTokens("new");
  made_.Issue("ca", "server", /*days=*/40);
  Look();
  EXPECT_EQ(files->state().tokens_bad, false);
  EXPECT_EQ(files->state().tls_bad, false);
  EXPECT_GT(*files->state().certificate_good_until, *good_until);
}

}  // namespace
}  // namespace assay
