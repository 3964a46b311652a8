-- A game loop: actors are born and die, send each other messages, and draw text.
local seed = 1
local function dice(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % n + 1
end

local function actor(number)
    local self = {name = "actor " .. number, x = dice(100), y = dice(100), inbox = {}, life = dice(90)}
    self.move = function(frame)
        self.x, self.y, self.life = self.x + frame % 3, self.y + dice(3) - 2, self.life - 1
    end
    return self
end

local world, drawn = {}, 0
for i = 1, 4000 do world[i] = actor(i) end
for frame = 1, 26 do
    for i, self in ipairs(world) do
        self.move(frame)
        local other = world[dice(#world)]
        other.inbox[#other.inbox + 1] = {from = self.name, text = "hello " .. frame, at = {self.x, self.y}}
        if #self.inbox > 8 then self.inbox = {} end
        if self.life < 0 then world[i] = actor(frame * 1000 + i) end
    end
    local text = {}
    for _, self in ipairs(world) do text[#text + 1] = ("%s@%d,%d"):format(self.name, self.x, self.y) end
    drawn = drawn + #table.concat(text, "\n")
end
print(drawn)
