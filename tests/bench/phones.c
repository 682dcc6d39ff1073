/* Telephones for the bench: RTP at 50 packets a second each, spread evenly, and a stamp on what comes back.
 *
 *     phones talk COUNT SECONDS TYPE_A TYPE_B     even ones send payload type TYPE_A, odd ones TYPE_B
 *     phones listen COUNT SECONDS                 one packet each, then only receive; the tick is 20 ms
 *     phones flood COUNT SECONDS                  all that one process can send, valid headers, unknown sources
 *     phones wake 1 SECONDS                       none: how late a thread wakes that a timer calls every millisecond
 *
 * Prints its ports, reads the ports to send to, waits for one more word, and prints when the time is over:
 *     sent received p50 p99 max
 * in packets and nanoseconds. Talking, those are from before the sender's system call to the kernel's stamp of
 * arrival, so how late this process itself wakes does not count. Listening (one phone), they are how far packets
 * arrive behind the 20 ms raster on which the earliest hundredth of them lies.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, OCTETS = 172, PERIOD = 20000000, WAKE = 1000000, PRIORITY = 10 };

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t *figures;
static size_t figure_count, figure_room;
static int first = -1;

static void note(int64_t value)
{
    if (figure_count < figure_room)
        figures[figure_count++] = value;
}

/* The place of a packet after the first one. */
static int order(const uint8_t *packet)
{
    int number = packet[2] << 8 | packet[3];
    if (first < 0)
        first = number;
    return (number - first) & 0xFFFF;
}

static ssize_t receive(int descriptor, uint8_t *packet, int64_t *arrived)
{
    char control[128];
    struct iovec vector = {packet, 2048};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = 128};
    ssize_t octets = recvmsg(descriptor, &message, MSG_DONTWAIT);
    if (octets < 0)
        return octets;
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    if (part != NULL && part->cmsg_type == SO_TIMESTAMPNS) {
        struct timespec stamp;
        memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
        *arrived = stamp.tv_sec * 1000000000LL + stamp.tv_nsec;
    }
    return octets;
}

static void print(int64_t sent, int64_t received, int64_t base)
{
    if (figure_count == 0)
        note(0);
    printf("%lld %lld %lld %lld %lld\n", (long long)sent, (long long)received,
           (long long)(figures[figure_count / 2] - base), (long long)(figures[figure_count * 99 / 100] - base),
           (long long)(figures[figure_count - 1] - base));
}

/* What this machine makes of a timer: nobody who sleeps until his time has come can be less late. Real-time where that
 * is permitted, as the plane is. */
static int wake(double seconds)
{
    struct sched_param urgent = {.sched_priority = PRIORITY};
    sched_setscheduler(0, SCHED_FIFO, &urgent);
    int64_t due = clock_ns(CLOCK_MONOTONIC) + WAKE, wakes = (int64_t)(seconds * 1e9) / WAKE;
    struct itimerspec raster = {{0, WAKE}, {due / 1000000000, due % 1000000000}};
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    uint64_t times;
    figure_room = wakes;
    figures = malloc(figure_room * sizeof *figures);
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &raster, NULL);
    for (int64_t k = 0; k < wakes; due += times * WAKE, k += times) {
        if (read(timer, &times, sizeof times) != sizeof times)
            return 1;
        int64_t now = clock_ns(CLOCK_MONOTONIC);
        for (uint64_t missed = 0; missed < times; missed++)
            note(now - due - (int64_t)missed * WAKE);
    }
    qsort(figures, figure_count, sizeof *figures, by_size);
    print(wakes, wakes, 0);
    return 0;
}

int main(int words, char **word)
{
    if (words < 4)
        return 2;
    int talk = !strcmp(word[1], "talk"), flood = !strcmp(word[1], "flood"), listen = !talk && !flood;
    int count = atoi(word[2]), on = 1, waiting;
    double seconds = atof(word[3]);
    int types[2] = {words > 4 ? atoi(word[4]) : 0, words > 5 ? atoi(word[5]) : 0};
    int *phones = calloc(count, sizeof *phones), epoll = epoll_create1(0);
    uint16_t *sequences = calloc(count, sizeof *sequences);
    struct epoll_event ready[BATCH];
    uint8_t packet[2048] = {0x80}, heard[2048];
    char go[16];
    figure_room = (size_t)(count * (seconds + 2) * 60);
    figures = malloc(figure_room * sizeof *figures);
    for (int k = 0; k < count; k++) {
        struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof own;
        phones[k] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (phones[k] < 0 || bind(phones[k], (struct sockaddr *)&own, sizeof own) < 0)
            return 1;
        setsockopt(phones[k], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        getsockname(phones[k], (struct sockaddr *)&own, &length);
        struct epoll_event entry = {.events = EPOLLIN, .data.u64 = k};
        epoll_ctl(epoll, EPOLL_CTL_ADD, phones[k], &entry);
        printf("%d\n", ntohs(own.sin_port));
    }
    fflush(stdout);
    for (int k = 0; k < count; k++) {
        struct sockaddr_in far = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int port;
        if (scanf("%d", &port) != 1)
            return 1;
        far.sin_port = htons(port);
        if (connect(phones[k], (struct sockaddr *)&far, sizeof far) < 0)
            return 1;
    }
    if (scanf("%15s", go) != 1)
        return 1;
    if (!strcmp(word[1], "wake"))
        return wake(seconds);
    int64_t begin = clock_ns(CLOCK_MONOTONIC), end = begin + (int64_t)(seconds * 1e9), sent = 0, received = 0;
    int64_t limit = listen ? count : INT64_MAX;
    for (;;) {
        int64_t now = clock_ns(CLOCK_MONOTONIC);
        if (now >= end + PERIOD * 5)
            break;
        while (now < end && sent < limit) {
            int k = sent % count;
            if (!flood && begin + sent / count * PERIOD + (int64_t)k * PERIOD / count > now)
                break;
            uint32_t timestamp = htonl(sequences[k] * 160), ssrc = htonl(k + 1);
            uint16_t sequence = htons(sequences[k]++);
            packet[1] = types[k & 1];
            memcpy(packet + 2, &sequence, 2);
            memcpy(packet + 4, &timestamp, 4);
            memcpy(packet + 8, &ssrc, 4);
            int64_t stamp = clock_ns(CLOCK_REALTIME);
            memcpy(packet + 12, &stamp, 8);
            send(phones[k], packet, OCTETS, MSG_DONTWAIT);
            sent++;
            if (flood)
                now = clock_ns(CLOCK_MONOTONIC);
        }
        struct timespec pause = {0, 200000};
        waiting = epoll_pwait2(epoll, ready, BATCH, &pause, NULL);
        for (int n = 0; n < waiting; n++) {
            int k = ready[n].data.u64;
            int64_t arrived = 0, stamp;
            while (receive(phones[k], heard, &arrived) >= OCTETS) {
                received++;
                memcpy(&stamp, heard + 12, 8);
                if (talk && types[0] == types[1])
                    note(arrived - stamp);
                else if (listen)
                    note(arrived - (int64_t)order(heard) * PERIOD);
            }
        }
    }
    qsort(figures, figure_count, sizeof *figures, by_size);
    int64_t base = listen && figure_count ? figures[figure_count / 100] : 0;
    print(sent, received, base);
    return 0;
}
