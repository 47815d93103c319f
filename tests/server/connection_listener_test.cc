#include "server/connection_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "tests/testing/builders.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using testing::FakeClock;
using ::testing::HasSubstr;
using testing::Mailbox;
using testing::StatusIs;

// A connection to loopback, closed with it.
class Peer {
 public:
  explicit Peer(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Peer() { close(fd_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool connected() const { return connected_; }
  // Blocks until the other side has closed.
  bool AwaitClosed() {
    char byte;
    return recv(fd_, &byte, 1, 0) <= 0;
  }

 private:
  const int fd_;
  bool connected_;
};

class ConnectionListenerTest : public ::testing::Test {
 protected:
  ~ConnectionListenerTest() override {
    listener_.reset();
    for (int fd : taken_.Await(0)) close(fd);
  }

  void Start(int64_t max_connections) {
    auto listener = ConnectionListener::Create({.host = "127.0.0.1"}, max_connections, &clock_);
    ASSERT_OK(listener);
    listener_ = *std::move(listener);
    listener_->Start([this](int fd) { taken_.Put(fd); });
  }
  int port() const { return listener_->address().port; }

  FakeClock clock_;
  Mailbox<int> taken_;
  std::unique_ptr<ConnectionListener> listener_;
};

TEST_F(ConnectionListenerTest, EveryConnectionIsHandedOnUpToTheNumber) {
  Start(/*max_connections=*/2);
  Peer first(port());
  Peer second(port());
  taken_.Await(2);
  Peer third(port());
  EXPECT_TRUE(third.AwaitClosed());
  EXPECT_EQ(taken_.size(), 2u);
}

TEST_F(ConnectionListenerTest, AConnectionThatItsOwnerClosedMakesRoom) {
  Start(/*max_connections=*/1);
  Peer first(port());
  const int fd = taken_.Await(1)[0];
  Peer refused(port());
  EXPECT_TRUE(refused.AwaitClosed());
  close(fd);
  clock_.Advance(absl::Milliseconds(10));
  Peer second(port());
  taken_.Await(2);
}

TEST_F(ConnectionListenerTest, ADescriptorThatIsUsedAgainIsAnotherConnection) {
  Start(/*max_connections=*/1);
  auto first = std::make_unique<Peer>(port());
  const int fd = taken_.Await(1)[0];
  close(fd);
  // Another socket of this process gets the number.
  const int other = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(other, fd);
  Peer second(port());
  taken_.Await(2);
  close(other);
}

TEST_F(ConnectionListenerTest, AfterStopThePortIsClosedAndConnectionsStay) {
  Start(/*max_connections=*/2);
  const int bound = port();
  Peer first(bound);
  const int fd = taken_.Await(1)[0];
  listener_->Stop();
  EXPECT_FALSE(Peer(bound).connected());
  EXPECT_EQ(send(fd, "x", 1, 0), 1);
}

TEST_F(ConnectionListenerTest, LocalhostIsEveryAddressOfThatNameOnOnePort) {
  ASSERT_OK_AND_ASSIGN(const auto listener,
                       ConnectionListener::Create({.host = "localhost"}, 1, &clock_));
  EXPECT_NE(listener->address().port, 0);
  EXPECT_TRUE(Peer(listener->address().port).connected());
}

TEST_F(ConnectionListenerTest, AnAddressThatCannotBeListenedOnIsAnErrorWithTheReason) {
  constexpr absl::StatusCode kCode = absl::StatusCode::kFailedPrecondition;
  Start(/*max_connections=*/1);
  EXPECT_THAT(ConnectionListener::Create(listener_->address(), 1, &clock_),
              StatusIs(kCode, AllOf(HasSubstr(listener_->address().ToString()),
                                    HasSubstr("the port is in use"))));
  EXPECT_THAT(ConnectionListener::Create({.host = "192.0.2.1", .port = 1}, 1, &clock_),
              StatusIs(kCode, HasSubstr("not this machine's")));
  EXPECT_THAT(ConnectionListener::Create({.host = "no-such-host.invalid"}, 1, &clock_),
              StatusIs(kCode, HasSubstr("name is not known")));
}

TEST_F(ConnectionListenerTest, MoreConnectionsThanOpenFilesAreRefusedAtTheStart) {
  EXPECT_THAT(ConnectionListener::Create({.host = "127.0.0.1"}, int64_t{1} << 40, &clock_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("max_connections"), HasSubstr("ulimit"))));
}

}  // namespace
}  // namespace assay
